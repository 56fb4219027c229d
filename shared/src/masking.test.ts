import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskPersonal } from './masking.ts'

describe('a text that is masked', () => {
  it.for([
    ['write to Grace.Hopper+shop@mail.example.co.uk, please', 'write to [email], please'],
    ['mail: jörg@müller.de', 'mail: [email]'],
    ['my card is 4111 1111 1111 1111.', 'my card is [card].'],
    ['4111-1111-1111-1111 exp 12/27', '[card] exp 12/27'],
    ['amex378282246310005!', 'amex[card]!'],
    ['４１１１１１１１１１１１１１１１', '[card]'],
    ['4111\u200b1111\u200b1111\u200b1111', '[card]'],
    ['IBAN DE89 3704 0044 0532 0130 00 thanks', 'IBAN [iban] thanks'],
    ['gb29nwbk60161331926819', '[iban]'],
    ['NO93 8601 1117 947 please', '[iban] please'],
    ['call +44 20 7946 0958 today', 'call [phone] today'],
    ['call (555) 123-4567', 'call [phone]'],
    ['ruf 030/1234567 an', 'ruf [phone] an'],
    ['06.12.34.56.78', '[phone]'],
    ['account 123456789012', 'account [number]'],
    ['٠١٢٣٤٥٦٧٨٩', '[number]'],
  ])('%s reads %s', ([text, masked]) => {
    expect(maskPersonal(text!)).toBe(masked)
  })

  it.for([
    'I paid 1,250,000.00 USD on 01.11.2026 and 19.99 on 2026-11-01 10:15.',
    'order 12345678 of txn_5521, 3 parcels, 14 days',
    'the e-mail did not come @ all',
    'DE is not an IBAN and neither is AB12 for me',
    'zwei\nZeilen',
  ])('keeps what is not personal: %s', (text) => {
    expect(maskPersonal(text)).toBe(text)
  })

  it('does not change when it is masked again', () => {
    const piece = fc.constantFrom(
      '4111 1111 1111 1111',
      'a@b.de',
      '+49 ',
      '12',
      '-',
      ' ',
      '\u202e',
      'DE89',
      '0',
      '.',
      '@',
    )
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (one) => {
        const masked = maskPersonal(one)

        expect(maskPersonal(masked)).toBe(masked)
      }),
    )
  })

  it('is fast for a long text that looks like the beginning of a match throughout', async () => {
    const beginnings = ['a', '1 ', 'a.', 'DE89 ', '@', 'a@']
    const program = `
      import { maskPersonal } from ${JSON.stringify(new URL('masking.ts', import.meta.url))}
      for (const beginning of ${JSON.stringify(beginnings)}) {
        maskPersonal(beginning.repeat(500_000 / beginning.length) + ' @')
        process.stdout.write(beginning)
      }`

    // A search that begins anew at each of half a million characters takes minutes, and only its process can be ended.
    const arguments_ = ['--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, {
      timeout: 90_000,
      killSignal: 'SIGKILL',
    })

    expect(stdout).toBe(beginnings.join(''))
  })
})
