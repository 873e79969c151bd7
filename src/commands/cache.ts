// cache stats, verify, gc, clean: what a graph keeps of what its nodes made.
import {
  cacheStats,
  clearCache,
  GraphError,
  nearest,
  type Session,
  sweepCache,
  verifyCache,
} from '../../graph/index.ts'
import { EXIT } from '../exit-code.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { checkText, clearText, statsText, sweptText } from '../report/words/cache.ts'
import { type GraphChoices, openSession } from '../session.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
  readonly wait?: boolean
}

/** `cache ACTION`: exit 1 when `verify` finds damage. */
export async function cache(words: readonly string[], args: Args): Promise<number> {
  const [word = '', ...rest] = words
  const act = Object.hasOwn(ACTIONS, word) && rest.length === 0 ? ACTIONS[word] : undefined
  if (act === undefined) throw unknownAction(words)
  const {
    answer,
    text,
    code = EXIT.available,
  } = await act(await openSession(args), {
    wait: args.wait !== false,
  })
  print(args.json ? jsonDocument({ version: 1, ...answer }) : text)
  return code
}

interface Told {
  readonly answer: object
  readonly text: string
  readonly code?: number
}

type Act = (session: Session, care: { wait: boolean }) => Promise<Told>

const ACTIONS: Readonly<Record<string, Act>> = {
  stats: async (session) => {
    const stats = cacheStats(session)
    return { answer: stats, text: statsText(stats) }
  },
  verify: async (session, care) => {
    const found = await verifyCache(session, care)
    const code = found.damaged.length === 0 ? EXIT.available : EXIT.unavailable
    return { answer: found, text: checkText(found), code }
  },
  gc: async (session, care) => {
    const swept = await sweepCache(session, care)
    return { answer: swept, text: sweptText(swept) }
  },
  clean: async (session, care) => {
    const { entries, files, bytes } = await clearCache(session, care)
    return { answer: { entries, files, bytes }, text: clearText({ entries, bytes }) }
  },
}

function unknownAction(words: readonly string[]): GraphError {
  const names = Object.keys(ACTIONS)
  const near = nearest(words[0] ?? '', names)
  return new GraphError(`a cache cannot '${words.join(' ')}'`, {
    code: 'bad-file',
    hint: near ? `did you mean 'cache ${near}'?` : `it can ${names.join(', ')}`,
  })
}
