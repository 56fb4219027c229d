/**
 * A model with a prepared answer: it answers every request to `/v1/messages` with the same bytes at once. On request, it
 * sends the body of the latest request to its supervisor.
 */
import { createServer } from 'node:http'
import { announceReady } from '@redress/shared/process/lifecycle.ts'

const OPINION = {
  case: 'case-1',
  action: 'APPROVE_REFUND',
  confidence: 92,
  reasoning: 'The item arrived defective, within the window, and the amount is below the limit of the policy.',
  policyApplied: process.env.POLICY_APPLIED,
}
const MESSAGE = JSON.stringify({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'bench',
  content: [{ type: 'text', text: JSON.stringify({ opinions: [OPINION] }) }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 200, output_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 3000 },
})

let latest = ''
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    latest = Buffer.concat(chunks).toString()
    response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_1' }).end(MESSAGE)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) announceReady(`http://127.0.0.1:${address.port}`)
})
process.on('message', () => process.send?.({ latest }))
