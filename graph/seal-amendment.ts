// What a run of a few nodes makes of the seal before it: a small file that says which nodes that one no
// longer speaks for. Writing the whole anew would take longer than the nodes.
import { checksum } from './digest.ts'
import type { Disk } from './host.ts'
import { readMemo } from './own-file.ts'
import { SEAL_NAME, type Seal } from './seal-file.ts'

export interface Amendment {
  /** Identity of the journal as the run left it. */
  readonly journal: string
  /** Of these nothing is said any more, as places in the graph. */
  readonly open: readonly number[]
}

const NAME = `${SEAL_NAME}-amended`

/** What stands in force: the last amendment of this very seal, or what it says itself. */
export function amended(stateFolder: string, { header, id }: Seal, disk: Disk): Amendment {
  const text = Buffer.from(readMemo(disk, `${stateFolder}/${NAME}`) ?? []).toString('utf8')
  const isWhole = text.startsWith(`${checksum(text.slice(HEAD))} ${id} `)
  const own = { journal: header.journal ?? '', open: header.open }
  return isWhole ? JSON.parse(text.slice(text.indexOf('{'))) : own
}

export function amend(stateFolder: string, { id }: Seal, amendment: Amendment, disk: Disk): void {
  const text = `${id} ${JSON.stringify(amendment)}`
  disk.writeWhole(`${stateFolder}/${NAME}`, `${checksum(text)} ${text}`)
}

// Eight digits of a checksum and a blank.
const HEAD = 9
