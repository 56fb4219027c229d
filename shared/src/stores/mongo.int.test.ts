import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { MongoServerError } from 'mongodb'
import { expect, inject, it, onTestFinished } from 'vitest'
import { connectMongo, inTransaction } from './mongo.ts'

/** The sockets that this process opens during a test. */
function watchSockets(): Set<Socket> {
  const sockets = new Set<Socket>()
  const add = (message: unknown) => void sockets.add((message as { socket: Socket }).socket)
  subscribe('net.client.socket', add)
  onTestFinished(() => void unsubscribe('net.client.socket', add))
  return sockets
}

it('a command whose connection is destroyed while it is encoded is sent again on another', async () => {
  const sockets = watchSockets()
  const mongo = await connectMongo(inject('mongoUri'), 'test')
  onTestFinished(() => mongo.close())
  const echo = mongo.db('admin')
  let encodings = 0
  const value = {
    toBSON() {
      encodings++
      if (encodings === 1) for (const socket of sockets) socket.destroy()
      return encodings
    },
  }

  const found = await echo
    .collection('none')
    .find({ _id: value as never })
    .toArray()

  expect(found).toEqual([])
  expect(encodings).toBeGreaterThan(1)
})

it('a transaction that fails each time is refused after some time, and not after the two minutes of the driver', async () => {
  const mongo = await connectMongo(inject('mongoUri'), 'test')
  onTestFinished(() => mongo.close())
  const errorLabels = ['TransientTransactionError']
  let runs = 0
  const work = async () => {
    runs++
    throw new MongoServerError({ message: 'too long', code: 251, errorLabels })
  }

  const outcome = inTransaction(mongo, work, 0)

  await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(runs).toBe(1)
})
