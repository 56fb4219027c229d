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
    ['4111\n1111\n1111\n1111', '[card]'],
    ['4111 - 1111 - 1111 - 1111', '[card]'],
    ['4111, 1111, 1111, 1111', '[card]'],
    ['4111–1111–1111–1111', '[card]'],
    ['4111‑1111‑1111‑1111', '[card]'],
    ['4111·1111·1111·1111', '[card]'],
    ['4111\r\n1111 | 1111 ; 1111 12/27', '[card] 12/27'],
    ['4 1 1 1,1 1 1 1,1 1 1 1,1 1 1 1', '[card]'],
    ['41:11:11:11:11:11:11:11', '[card]'],
    ['3782*822463*10005', '[card]'],
    ['３７８２\n８２２４６３\n１０００５', '[card]'],
    ['٤١١١، ١١١١، ١١١١، ١١١١', '[card]'],
    ['𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏', '[card]'],
    ['5555,5555,5555,4444 and 4111;1111;1111;1111', '[card] and [card]'],
    ['DE89\n3704\n0044\n0532\n0130\n00', '[iban]'],
    ['D E 8 9 / 3704 / 0044 / 0532 / 0130 / 00', '[iban]'],
    ['DE89–3704–0044–0532–0130–00, GB29, NWBK, 6016, 1331, 9268, 19.', '[iban], [iban].'],
    ['AB12 DE89 3704 0044 0532 0130 00', 'AB12 [iban]'],
    ['ＤＥ８９３７０４００４４０５３２０１３０００', '[iban]'],
    ['call 030\n1234567', 'call [phone]'],
    ['ruf 030 – 123 45 67 an', 'ruf [phone] an'],
    ['＋49·30·1234567', '[phone]'],
    ['+49, 30, 1234567', '[phone]'],
    ['(+49) 30 | 1234567 or mail', '[phone] or mail'],
    ['grace @ example.org, o!brien@example.org', '[email], [email]'],
    ['ada＠example。org', '[email]'],
    ['ada@[192.168.0.1]', '[email]'],
  ])('%s reads %s', ([text, masked]) => {
    expect(maskPersonal(text!)).toBe(masked)
  })

  it.for([
    'I paid 1,250,000.00 USD on 01.11.2026 and 19.99 on 2026-11-01 10:15.',
    'order 12345678 of txn_5521, 3 parcels, 14 days',
    'the e-mail did not come @ all',
    'DE is not an IBAN and neither is AB12 for me',
    'zwei\nZeilen',
    'It was +1,250,000.00 USD, at 10:15:22 on 2026-11-01 and 10:15:22 on 2026-11-02',
    'mongodb@7.8.0 is 12 days old, at 10 euros or 3 @ 2.50',
    '12.50, 13.50, 19.99',
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
      '4111\n1111, 1111',
      '3704 0044 0532 0130 00',
      '𝟒',
      '٤',
      '[card]',
      '19.99',
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
