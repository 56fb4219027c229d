import { setImmediate } from 'node:timers/promises'
import PDFDocument from 'pdfkit'
import type { Cell, Head, Row } from './report.ts'

const MARGIN = 36
const LINE = 14
const FONT_SIZE = 8
/** The fonts of every PDF reader have these characters only. */
const OTHER_CHARACTERS = /[^\x20-\x7e\xa0-\xff]/g

/** A table on as many pages as it needs, with the names of the columns on each. */
export async function* writePdf(head: Head, rows: AsyncIterable<Row>): AsyncIterable<Uint8Array> {
  const document = new PDFDocument({ size: 'A4', layout: 'landscape', margin: MARGIN, info: { Title: head.title } })
  draw(document, head, rows).then(
    () => document.end(),
    (error: unknown) => document.destroy(error as Error),
  )
  for await (const piece of document) yield piece as Buffer
}

type Pdf = InstanceType<typeof PDFDocument>

async function draw(document: Pdf, { title, columns, range }: Head, rows: AsyncIterable<Row>): Promise<void> {
  document.fontSize(14).text(title, MARGIN, MARGIN)
  document.fontSize(FONT_SIZE).text(`${range.from.toISOString()} to ${range.to.toISOString()}, the end not included`)
  const bottom = document.page.height - MARGIN - LINE
  const drawHeader = (top: number) => {
    drawLine(document.font('Helvetica-Bold'), columns, top)
    document.font('Helvetica')
    return top + LINE
  }
  let top = drawHeader(MARGIN + 3 * LINE)
  for await (const row of rows) {
    if (top > bottom) {
      // A page takes some milliseconds; other jobs of this worker go on in between.
      await setImmediate()
      document.addPage()
      top = drawHeader(MARGIN)
    }
    const cells = columns.map((name) => row[name] ?? null)
    drawLine(document, cells, top)
    top += LINE
  }
}

function drawLine(document: Pdf, cells: readonly Cell[], top: number): void {
  const width = (document.page.width - 2 * MARGIN) / cells.length
  const options = { width: width - 4, height: LINE, ellipsis: true, lineBreak: false }
  for (const [index, cell] of cells.entries()) {
    document.text(toText(cell), MARGIN + index * width, top, options)
  }
}

function toText(cell: Cell): string {
  return cell === null ? '' : String(cell).replace(OTHER_CHARACTERS, '?')
}
