// What a server, git or an archive refuses: the answer will be the same tomorrow. Most of these come
// in the wrapping of a network failure ("unable to access", "failed to clone", "could not read from
// remote repository").
import { DENIED, EXISTS } from './errno-texts.ts'
import { AGAIN, HTTP } from './network.ts'
import { any, type Rule } from './rule.ts'

export const REFUSALS: readonly Rule[] = [
  {
    cause: 'ownership',
    pattern: any`safe\.directory  dubious ownership  owned by someone else`,
  },
  // ssh goes on to "permission denied (publickey)", but our own file is the first cause.
  {
    cause: 'permission',
    pattern: any`identity file [^\n]{1,400} not accessible: permission  unprotected private key
      load key [^\n]{1,400}: permission denied  bad owner or permissions`,
  },
  {
    cause: 'auth',
    pattern: any`permission denied \((?:publickey|password|keyboard|gssapi|hostbased)
      host key verification failed  remote host identification has changed
      too many authentication failures  unable to negotiate with  no matching host key
      could not read (?:username|password)  terminal prompts disabled  unable to read askpass
      authentication (?:failed|required)  invalid (?:username|credentials)  login denied
      access denied  access to [^\n]{1,200} denied  saml sso  eneedauth  code eotp
      40[137][: ]+(?:unauthorized|forbidden|proxy auth)
      authentifizierung fehlgeschlagen  échec d'authentification`,
  },
  {
    cause: 'tls-trust',
    pattern: any`certificate (?:verification|verify) failed  certificate_verify_failed
      ssl certificate problem  self[- _]signed  issuer certificate  local_issuer
      unable_to_verify  cert(?:ificate)?[ _](?:has[ _]|is )?expired  not yet valid  not trusted
      alternative certificate subject  cert_altname  subject name[^\n]{0,200} match
      setting certificate  problem with the (?:local )?ssl c  host ?name mismatch
      (?:bad|unknown|required|invalid) certificate  invalid peer certificate
      certificate (?:unknown|required|is bad|signature)  unknown ca\b  pinned public key
      error reading (?:ca|client|x\.?509)`,
  },
  // The two sides agree on no protocol. GnuTLS's other handshake failures come and go.
  {
    cause: 'network-permanent',
    pattern: any`alert (?:handshake failure|protocol version|illegal|internal error)
      sslv3_alert  no protocols available  unsupported protocol  fatal alert has been received
      unsupported version  error in protocol version  no cipher  cipher suite
      unsupported (?:proxy|url)  protocol [^\n]{0,80}(?:not supported|disabled)
      maximum \(?\d+\)? redirects  url (?:rejected|using bad)  url malformed  invalid url
      not allowed by ruleset  no acceptable  status: \[22;`,
  },
  // A local firewall's or sandbox's answer to connect(2).
  {
    cause: 'network-permanent',
    pattern: any`connect to [^\n]{1,200}: (?:${DENIED})  errno=(?:${DENIED})`,
  },
  { cause: 'auth', pattern: any`${HTTP}(?:401|403|407)\b` },
  { cause: 'source-not-found', pattern: any`${HTTP}(?:404|410)\b` },
  // The rest of 3xx and 4xx but "too early" and "slow down", and the 5xx that mean "never".
  {
    cause: 'network-permanent',
    pattern: any`${HTTP}(?:3\d\d|4(?!08|25|29)\d\d|501|50[5-8]|51[01])\b`,
  },
  {
    cause: 'source-not-found',
    pattern: any`remote (?:branch|ref) [^\n]{1,400} not found  not our ref  did not contain
      (?:couldn't|could not) find remote (?:branch|ref) [^\n]{1,400}(?<!to clone\.)$
      remote-branch [^\n]{1,400} nicht  remote-referenz  référence distante
      branche distante [^\n]{1,400} pas été trouvée  unadvertised object
      reference is not a tree  referenz ist kein  la référence n'est pas un arbre
      not a valid object  bad revision  bad object [0-9a-f]{7}  unknown revision  invalid reference
      pathspec [^\n]{1,400} did not match  not a commit  needed a single revision
      unable to find current \S{1,40}revision`,
  },
  {
    cause: 'source-not-found',
    pattern: any`repository [^\n]{0,400}(?:not found|does not exist|not exported)
      repository [^\n]{0,400}(?:nicht gefunden|existiert nicht)
      dépôt [^\n]{1,400}(?:non trouvé|n'existe pas)  does not appear to be a git repo
      404[: ]+(?:client error|not found)  410[: ]+gone  code (?:etarget|enoversions)
      no matching package  couldn't open file  git update-server-info`,
  },
  // A server that hangs up inside a pack leaves a broken pack: this one before the next.
  {
    cause: 'network',
    pattern: any`rpc[^\n]{0,40}; (?:curl |result=)${AGAIN}\b  unexpected disconnect while reading`,
  },
  // git says "index-pack died" only of a bundle, which is a file and no connection.
  {
    cause: 'source-corrupt',
    pattern: any`index-pack died  inflate:? (?:data|returned)  inflate inconsistency
      bad object at offset  is corrupt  corrupt (?:patch|loose|bundle|archive)  sha1 mismatch
      does not look like a[^\n]{0,20} bundle  unrecognized (?:header|bundle)
      lacks these prerequisite  eintegrity  integrity checksum failed
      checksum (?:for [^\n]{1,200} changed|mismatch|failed)  verify the checksum
      not match the hash  not match expected  not in gzip format  not a tar archive
      gzip: [^\n]{1,400}unexpected end  unexpected e(?:of|nd) (?:in|of) archive  crc error
      unrecognized archive format  computed checksum  end-of-central-directory`,
  },
  // cmake says "hash mismatch" of a failed download too; with status 0 the bytes are wrong.
  { cause: 'source-corrupt', pattern: any`status: \[0;` },
  {
    cause: 'stale-lock',
    pattern: any`(?:\.lock|could not lock|cannot lock)[^\n]{0,400}(?:${EXISTS})
      another git process`,
  },
  {
    cause: 'dest-occupied',
    pattern: any`already exists and is not an empty  existiert bereits und ist kein leeres
      existe déjà et n'est pas un répertoire vide`,
  },
  // Only when fetching: a configure asks git for the commit and goes on without an answer.
  {
    cause: 'repo-state',
    stages: ['fetch'],
    pattern: any`not currently on a branch  is not a git command  remote helper for
      not a git repository  kein git-repository  pas un dépôt git  would be overwritten
      not possible to fast-forward  divergent branches  unrelated histories  unmerged
      no url found for submodule  no submodule mapping  no remote repository specified
      no such remote`,
  },
  {
    cause: 'config',
    pattern: any`transport '[^'\n]{1,40}' not allowed  --offline was specified
      --locked was passed  failed to parse manifest  sccache: error
      npm err(?:or|!) code (?:eresolve|ebad|eusage|ejsonparse|elifecycle)`,
  },
]
