/** One look after the other: a slow one is neither overtaken by the next nor lets more of them pile up. */
export function startPoll(look: () => Promise<void>, pollMs: number | null) {
  let looking = Promise.resolve()
  let waiting = 0
  const now = () => {
    waiting++
    looking = looking.then(look, look).finally(() => {
      waiting--
    })
    return looking
  }
  const timer = pollMs === null ? undefined : setInterval(() => waiting === 0 && now(), pollMs).unref()
  const stop = () => {
    clearInterval(timer)
    return looking
  }
  return { now, stop }
}
