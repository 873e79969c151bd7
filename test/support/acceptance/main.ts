// `npm run acceptance`: writes docs/acceptance.md anew and says what is not done.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { readLines, readNotes } from './lines.ts'
import { acceptancePage, stateOf } from './page.ts'
import { listTests } from './titles.ts'

const input = { ...readLines(), notes: readNotes(), tests: await listTests() }
writeFileSync(join(import.meta.dirname, '../../../docs/acceptance.md'), acceptancePage(input))
const lines = input.sections.flatMap((section) => section.lines)
const open = lines.filter((line) => stateOf(line, input) === 'open')
console.log(`docs/acceptance.md: ${lines.length} lines, ${open.length} not done`)
if (open.length > 0) console.log(open.map(({ number }) => number).join(' '))
