// A call that must not go well.
import * as assert from 'uvu/assert'

import { GraphError } from '../../graph/index.ts'

/** The GraphError with which it ended. Throws when it went well. */
export async function refused(ended: Promise<unknown>): Promise<GraphError> {
  try {
    await ended
  } catch (error) {
    assert.instance(error, GraphError)
    return error as GraphError
  }
  throw new Error('it was not refused')
}
