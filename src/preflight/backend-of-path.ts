// Which backend a folder of sources is of, when nobody says.
import { BACKEND_NAMES, type BackendName } from '../../tasks/backends.ts'

/**
 * The backend that a path speaks of: bitnet where it holds that word in any case, llama otherwise
 * (specification 003, AC6). Give the path as the person wrote it: what lies above says nothing.
 */
export function backendOfPath(path: string): BackendName {
  const name: string = /bitnet/i.test(path) ? 'bitnet' : 'llama'
  return BACKEND_NAMES.find((own) => own === name) ?? 'llama'
}
