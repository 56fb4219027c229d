import { expect, it } from 'vitest'
import { hasNetworkCard, hasWrittenCard } from './card-number.ts'

const CARDS = [
  '4111111111111111',
  'card-4111111111111111',
  '4111_1111_1111_1111',
  '4111-11-11-11111111',
  '41 11 1111 1111 1111',
  '4111\u20131111\u20131111\u20131111',
  '4111\u200b1111\u200b1111\u200b1111',
  '\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11',
  '\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661',
  '4111111111111111@example.org',
  '\u{1d7d2}\u{1d7cf}\u{1d7cf}\u{1d7cf}111111111111',
]

it('finds a card number in any grouping and script, in a text and in an identifier', () => {
  expect(CARDS.filter((card) => !hasNetworkCard(card))).toEqual([])
  expect(CARDS.filter((card) => !hasWrittenCard(card))).toEqual([])
})

it('takes no identifier for a card that has no number of a network in it', () => {
  const identifiers = [
    '550e8400-e29b-41d4-a716-446655440000',
    'order-4111111111111112', // No checksum.
    '9000000000000009', // No network.
    '2026-11-28-000017',
    'cust_01M8HHGW1RBXSF5PDWJ2PXK52A',
  ]
  expect(identifiers.filter(hasNetworkCard)).toEqual([])
})
