// The question before a repair: asked with --confirm, on a terminal, outside CI; --yes answers it.
import { createInterface } from 'node:readline/promises'

import { CONFIRM } from '../report/words.ts'
import { isCi } from './repair-mode.ts'

/** Whether the person wants the repair; true where nobody is asked. */
export async function isConfirmed(args: {
  readonly confirm?: boolean
  readonly yes?: boolean
}): Promise<boolean> {
  const isAsked = args.confirm === true && args.yes !== true && !isCi(process.env)
  if (!isAsked || !process.stdin.isTTY || !process.stderr.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string>((resolve) => {
      // Ctrl-C and Ctrl-D at the question are a no.
      terminal.once('close', () => resolve('n'))
      terminal.once('SIGINT', () => terminal.close())
      terminal.question(CONFIRM).then(resolve, () => resolve('n'))
    })
    return /^\s*(?:y|yes)?\s*$/i.test(answer)
  } finally {
    terminal.close()
  }
}
