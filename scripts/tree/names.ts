/** Names that say what kind of code it is, not what it is for. */
const EMPTY_NAMES = /(^|\/)(utils?|helpers?|common|misc|types|models)(\/|\.ts$)/

export function findEmptyNames(files: readonly Readonly<{ path: string }>[]): readonly string[] {
  return files
    .filter(({ path }) => EMPTY_NAMES.test(path))
    .map(({ path }) => `${path}: is named after a kind of code; name it after what it is for`)
}
