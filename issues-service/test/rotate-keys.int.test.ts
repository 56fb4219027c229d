import { openCollections } from '@redress/shared/stores/collections.ts'
import { createDataKey, type MasterKeys, readMasterKeys, wrapDataKey } from '@redress/shared/stores/encryption.ts'
import { dyingCollections } from '@redress/shared/testing/dying-collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMongoPersonalData, sealPersonalData } from '../src/customers/mongo-personal-data.ts'
import { countByMasterKey, rotateDataKeys } from '../src/privacy/mongo-data-keys.ts'
import { rotateKeys } from '../src/privacy/rotate-keys.ts'
import { COLLECTIONS } from '../src/stores/collections.ts'

const { db } = await openTestDatabase()
const collections = await openCollections(db, COLLECTIONS)
const { dataKeys, customers } = collections

const [OLD, NEW, NEWEST] = ['ab', 'cd', 'ef'].map((byte) => byte.repeat(32)) as [string, string, string]
const old = readMasterKeys({ encryptionKey: OLD })
const both = readMasterKeys({ encryptionKey: NEW, previousEncryptionKeys: [OLD] })
const onlyNew = readMasterKeys({ encryptionKey: NEW })
const IDS = ['cust_1', 'cust_2', 'cust_3', 'cust_4', 'cust_5']

beforeEach(async () => {
  await Promise.all([dataKeys.deleteMany({}), customers.deleteMany({})])
  const all = IDS.map((_id) => {
    const personal = { email: `${_id}@example.org`, name: _id, paymentMethods: [] }
    return { _id, ...sealPersonalData(_id, personal, old) }
  })
  await dataKeys.insertMany(all.map(({ _id, wrapped }) => ({ _id, wrapped })))
  const known = { tenant: 'default', riskScore: 1, createdAt: new Date('2030-06-15T12:00:00Z') }
  await customers.insertMany(all.map(({ _id, sealed }) => ({ _id, ...known, ...sealed })))
})

/** The names that can be decrypted with these keys. @throws DecryptionError */
async function namesWith(master: MasterKeys) {
  const wanted = new Map(IDS.map((id) => [id, new Set(['name' as const])]))
  const found = await createMongoPersonalData(collections, master).find(wanted, 'default')
  return [...found.values()].map(({ name }) => name).sort()
}

const countsWith = async (master: MasterKeys) => Object.fromEntries(await countByMasterKey(dataKeys, master))

/** The data keys, where something else happens before each write. */
const writingAfter = (happens: () => Promise<unknown>): typeof dataKeys =>
  new Proxy(dataKeys, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name === 'bulkWrite') {
        return async (...given: Parameters<typeof target.bulkWrite>) => {
          await happens()
          return target.bulkWrite(...given)
        }
      }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

describe('a rotation of the master key', () => {
  it('leaves every customer readable with both keys meanwhile, and with the new one alone afterwards', async () => {
    const seen: unknown[] = []
    await rotateDataKeys({
      ...{ dataKeys: writingAfter(async () => seen.push(await namesWith(both))), master: both, pageSize: 2 },
    })

    expect(seen).toEqual([IDS, IDS, IDS])
    expect(await namesWith(onlyNew)).toEqual(IDS)
    await expect(namesWith(old)).rejects.toThrow(`the master key with the id ${both.current.id}, which is neither`)
  })

  it('that is interrupted before any but its first write goes on when it is run again', async () => {
    for (let done = 1; done <= IDS.length; done++) {
      const { dataKeys: dying } = dyingCollections({ dataKeys }, 2)
      const rotation = rotateDataKeys({ dataKeys: dying, master: both, pageSize: 1 })

      if (done < IDS.length) await expect(rotation).rejects.toThrow('crash')
      else expect(await rotation).toEqual({ rotated: 1, damaged: 0 })
      expect(await countsWith(both)).toEqual({ [old.current.id]: IDS.length - done, [both.current.id]: done })
      expect(await namesWith(both)).toEqual(IDS)
    }
  })

  it('does nothing the second time, and two at once do the work of one', async () => {
    const rotate = () => rotateDataKeys({ dataKeys, master: both, pageSize: 2 })

    const [one, other] = await Promise.all([rotate(), rotate()])

    expect(one.rotated + other.rotated).toBe(IDS.length)
    expect(await rotate()).toEqual({ rotated: 0, damaged: 0 })
    expect(await namesWith(onlyNew)).toEqual(IDS)
  })

  it('leads from any of several previous keys to the current one', async () => {
    await rotateDataKeys({ dataKeys: dyingCollections({ dataKeys }, 2).dataKeys, master: both, pageSize: 2 }).catch(
      () => {},
    )
    const three = readMasterKeys({ encryptionKey: NEWEST, previousEncryptionKeys: [NEW, OLD] })

    expect(await countsWith(three)).toMatchObject({ [old.current.id]: 3, [both.current.id]: 2 })

    expect(await rotateDataKeys({ dataKeys, master: three })).toEqual({ rotated: 5, damaged: 0 })

    expect(await countsWith(three)).toEqual({ [old.current.id]: 0, [both.current.id]: 0, [three.current.id]: 5 })
  })

  it('does not undo an erasure that comes between its read and its write', async () => {
    const erase = () => dataKeys.deleteOne({ _id: 'cust_3' })

    const { rotated } = await rotateDataKeys({ dataKeys: writingAfter(erase), master: both })

    expect(rotated).toBe(4)
    expect(await dataKeys.findOne({ _id: 'cust_3' })).toBeNull()
    expect(await namesWith(onlyNew)).toEqual(IDS.filter((id) => id !== 'cust_3'))
  })
})

describe('npm run keys:rotate', () => {
  async function command(master: MasterKeys, options: readonly string[] = [], on = dataKeys) {
    const [printed, warned]: [string[], string[]] = [[], []]
    const print = (line: string) => printed.push(line)
    const warn = (line: string) => warned.push(line)
    const exitCode = await rotateKeys({ dataKeys: on, master, options, print, warn, progressEveryMs: 0 })
    return { exitCode, printed, warned }
  }
  const [oldId, newId] = [old.current.id, both.current.id]

  it('shows what each key wraps, rehearses the rotation, and does it', async () => {
    expect(await command(both, ['--status'])).toEqual({
      ...{ exitCode: 0, warned: [] },
      printed: [
        `master key ${oldId} (ENCRYPTION_KEY_PREVIOUS): 5 data keys`,
        `master key ${newId} (ENCRYPTION_KEY): 0 data keys`,
      ],
    })
    expect(await command(both, ['--dry-run'])).toMatchObject({
      exitCode: 0,
      printed: [`Dry run, nothing was changed: 5 data keys to wrap by the master key ${newId}.`],
    })
    expect(await namesWith(old)).toEqual(IDS)
    expect(await command(both)).toEqual({
      exitCode: 0,
      printed: [`5 data keys wrapped by the master key ${newId}.`],
      warned: ['5 data keys so far'],
    })
    expect(await command(both, ['--status'])).toMatchObject({
      printed: [expect.stringContaining('PREVIOUS): 0 data keys'), expect.stringContaining('KEY): 5 data keys')],
    })
  })

  it('names an unknown key by its id, rotates the others, and ends with the exit code 2', async () => {
    const unknown = readMasterKeys({ encryptionKey: NEWEST })
    const wrapped = wrapDataKey(createDataKey(), unknown, 'cust_1')
    await dataKeys.updateOne({ _id: 'cust_1' }, { $set: { wrapped } })

    const { exitCode, printed, warned } = await command(both)

    expect([exitCode, printed]).toEqual([2, [`4 data keys wrapped by the master key ${newId}.`]])
    expect(warned.at(-1)).toMatch(
      `1 data key wrapped by the master key with the id ${unknown.current.id}, which is not given`,
    )
    expect([...printed, ...warned].join()).not.toMatch(/(?:ab|cd|ef){4}/)
    expect(await dataKeys.findOne({ _id: 'cust_1' })).toEqual({ _id: 'cust_1', wrapped })
    expect((await command(onlyNew, ['--status'])).printed).toContain(
      `master key ${unknown.current.id} (not given): 1 data key`,
    )
  })

  it('notices a process that still wraps with the old key, and takes that one along when it is run again', async () => {
    const [first] = await dataKeys.find().sort({ wrapped: 1 }).toArray()
    let wrapped: string
    // Before the page that is read already: the rotation does not come by again.
    do wrapped = wrapDataKey(createDataKey(), old, 'cust_6')
    while (wrapped > first!.wrapped)
    const adding = writingAfter(() => dataKeys.insertOne({ _id: 'cust_6', wrapped }))

    const { exitCode, warned } = await command(both, [], adding)

    expect([exitCode, warned.at(-1)]).toEqual([
      2,
      expect.stringMatching(/^1 data key wrapped by a previous master key meanwhile: a process still has it/),
    ])
    expect(await command(both)).toMatchObject({
      exitCode: 0,
      printed: [`1 data key wrapped by the master key ${newId}.`],
    })
  })

  it('leaves a data key that was changed as it is, and names its customer', async () => {
    const wrapped = wrapDataKey(createDataKey(), old, 'cust_2')
    await dataKeys.updateOne({ _id: 'cust_1' }, { $set: { wrapped } })

    for (const options of [['--dry-run'], []]) {
      const { exitCode, warned } = await command(both, options)

      expect([exitCode, warned.filter((line) => !line.endsWith('so far'))]).toEqual([
        2,
        ['The data key of customer cust_1 was changed, and cannot be unwrapped: it stays as it is.'],
      ])
    }
    expect(await dataKeys.findOne({ _id: 'cust_1' })).toEqual({ _id: 'cust_1', wrapped })
  })
})
