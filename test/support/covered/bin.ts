// The program from its sources, for `npm run coverage`: there the lines of src/ and tasks/ are counted
// as they stand, and not those of the bundle. Everything else starts dist/src/bin.cjs.
import { main } from '../../../src/cli.ts'

main(process.argv.slice(2))
