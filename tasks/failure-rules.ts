// What tools print when they fail, and what it means: one cause per rule, one class per cause.
// The rules are walked in order and the first that fits wins, so the order is part of the table.
// Patterns see lower-cased lines without noise (failure.ts); each must stay linear in the text:
// no nested repetition, and a repetition between two words is bounded and stays on its line.

export type Stage = 'fetch' | 'configure' | 'build' | 'install' | 'rebuild' | 'revalidate'
export type FailureClass = 'network' | 'permission' | 'build' | 'interrupted' | 'unknown'

/** One cause, one class, and only the network is worth another try. */
export const VERDICTS = {
  network: { class: 'network', retry: true },
  'network-permanent': { class: 'unknown', retry: false },
  'tls-trust': { class: 'unknown', retry: false },
  auth: { class: 'unknown', retry: false },
  'source-not-found': { class: 'unknown', retry: false },
  'source-corrupt': { class: 'unknown', retry: false },
  'dest-occupied': { class: 'unknown', retry: false },
  'stale-lock': { class: 'unknown', retry: false },
  'repo-state': { class: 'unknown', retry: false },
  disk: { class: 'unknown', retry: false },
  unknown: { class: 'unknown', retry: false },
  permission: { class: 'permission', retry: false },
  'read-only fs': { class: 'permission', retry: false },
  ownership: { class: 'permission', retry: false },
  build: { class: 'build', retry: false },
  config: { class: 'build', retry: false },
  clock: { class: 'build', retry: false },
  crash: { class: 'build', retry: false },
  'tool-missing': { class: 'build', retry: false },
  'source-incomplete': { class: 'build', retry: false },
  'stale-build-dir': { class: 'build', retry: false },
  'runtime-link': { class: 'build', retry: false },
  'resource(oom)': { class: 'build', retry: false },
  interrupted: { class: 'interrupted', retry: false },
} as const satisfies Record<string, { class: FailureClass; retry: boolean }>

export type Cause = keyof typeof VERDICTS

export interface Rule {
  readonly cause: Cause
  /** Absent: any stage and also none. Empty: only text that comes without a stage. */
  readonly stages?: readonly Stage[]
  /** Exit statuses; 128 + n for signal n. Absent: any. */
  readonly exit?: readonly number[]
  /** Absent: stage and exit status decide. */
  readonly pattern?: RegExp
}

const AFTER_FETCH: readonly Stage[] = ['configure', 'build', 'install', 'rebuild', 'revalidate']
const STAGED: readonly Stage[] = ['fetch', ...AFTER_FETCH]

// Phrases of a pattern stand apart by a line end or by two spaces.
function any(phrases: TemplateStringsArray, ...parts: readonly string[]): RegExp {
  const words = String.raw(phrases, ...parts)
    .trim()
    .split(/ *\n *| {2,}/)
  return new RegExp(words.join('|'), 'm')
}

// Tools run with LC_ALL=C, but a build script may set its own, and the C library then translates
// errno texts even where the tool does not: English, German and French, as in glibc's catalogues.
const DENIED = [
  'permission denied|operation not permitted|access is denied',
  'keine berechtigung|die operation ist nicht erlaubt|zugriff verweigert',
  'permission non accordée|opération non permise|accès refusé',
].join('|')
const READ_ONLY = [
  String.raw`read-only file ?system|\berofs\b`,
  'das dateisystem ist nur lesbar|système de fichiers accessible en lecture seulement',
].join('|')
const NO_MEMORY = [
  String.raw`cannot allocate memory|out of memory|memory exhausted|std::bad_alloc|\benomem\b`,
  String.raw`memory allocation of \d+ bytes failed|insufficient memory`,
  'nicht genügend hauptspeicher|ne peut allouer de la mémoire',
].join('|')
const BUSY = 'temporarily unavailable|zur zeit nicht verfügbar|temporairement non disponible'
const EXISTS = 'file exists|existiert bereits|existe déjà|le fichier existe'
const ERROR_WORD = '(?:fatal error|error|schwerwiegender fehler|fehler|erreur fatale|erreur)'
const COMPILER = String.raw`(?:clang|gcc|g\+\+|c\+\+|cc1|nvcc|cicc|ptxas|lld|collect2|rustc)`

// curl's numbers for "ask again later", which curl, git ("; curl 18"), cmake ("status_code: 7",
// "status: [28;") and cargo ("[6] couldn't") all print. 35 is a broken handshake. Not 22 (an HTTP
// status, judged by its number), 23 (our disk), 51, 58, 60, 77 (trust) and 67, 78 (login, 404).
const AGAIN = '(?:5|6|7|16|18|28|35|52|55|56|92|95)'
// The number after "returned error: ", "RPC failed; HTTP ", "response ", "npm error code E" ...
const HTTP = '(?:error|http|code|status|response|got)[ :=]{1,3}e?'

const HOW_IT_ENDED: readonly Rule[] = [
  // git answers a wrong option with 129, which is no hang-up.
  { cause: 'unknown', exit: [129], pattern: any`^usage:  unknown (?:option|switch)` },
  { cause: 'interrupted', exit: [129, 130, 131, 143] },
  { cause: 'disk', exit: [153] },
  { cause: 'resource(oom)', exit: [152] },
  // 137 is SIGKILL, from a person, a wrapper or the kernel. The kernel takes the biggest process,
  // so a compiler, or a tool that died before its first word, is memory; the rest is a person.
  {
    cause: 'resource(oom)',
    exit: [137],
    pattern: any`\bkilled +(?:\S{1,200}/)?${COMPILER}  killed signal terminated  \boom\b
      ${NO_MEMORY}`,
  },
  { cause: 'interrupted', exit: [137], pattern: any`\bkilled\b  ^\[left behind:` },
  { cause: 'interrupted', exit: [137], stages: ['fetch'] },
  { cause: 'resource(oom)', exit: [137], stages: ['configure'] },
  { cause: 'resource(oom)', exit: [137], pattern: /^$/ },
  { cause: 'interrupted', exit: [137] },
  // 124 is timeout(1). A fetch that ran out of time is slow; a build was told to stop.
  { cause: 'interrupted', exit: [124], pattern: any`^\[left behind:` },
  { cause: 'network', exit: [124], stages: ['fetch'] },
  { cause: 'interrupted', exit: [124], stages: AFTER_FETCH },
]

// What these leave behind looks like a failure of every other kind.
const FULL_MACHINE: readonly Rule[] = [
  {
    cause: 'disk',
    pattern: any`no space left on device  disk quota exceeded  \benospc\b  \bedquot\b
      file size limit exceeded  file too large  disk (?:is )?full  out of disk ?space
      not enough (?:free )?(?:disk )?space  failure writing output to  failed writing body
      kein speicherplatz  plattenplatz \(quota\)  die datei ist zu groß
      aucun espace disponible  quota d'espace disque  fichier trop gros`,
  },
  {
    cause: 'resource(oom)',
    pattern: any`${NO_MEMORY}  cannot fork  too many open files  can't start new thread
      (?:fork|thread|spawn|exec|clone)[^\n]{0,120}(?:${BUSY})
      failed to map segment from shared object$`,
  },
  {
    cause: 'resource(oom)',
    pattern: any`killed signal terminated program  unable to execute command: killed
      internal compiler error: killed  terminated with signal 9  \(signal: 9
      died due to signal 9  \*\*\* \[[^\n]{1,400}\] (?:killed|getötet|processus arrêté)
      \*\*\* \[[^\n]{1,400}\] (?:error|fehler|erreur) 137`,
  },
  // ninja ends with 2 after SIGINT and SIGTERM, and so does make when only its child got it.
  {
    cause: 'interrupted',
    pattern: any`interrupted by user  ^keyboardinterrupt
      \*\*\* \[[^\n]{1,400}\] (?:interrupt|terminated|hangup|unterbrechung|beendet|complété)
      \*\*\* \[[^\n]{1,400}\] (?:error|fehler|erreur) 1(?:30|43)
      (?:interrupt|terminated|hangup) signal terminated program
      (?:\(signal:|terminated with signal|died due to signal) (?:1|2|15)\b`,
  },
]

// A compiler quotes the program it compiles, and programs talk about connections: its verdict
// comes before theirs. What it could not read or write is left to the permission rules.
const COMPILE_ERRORS: readonly Rule[] = [
  {
    cause: 'build',
    pattern: new RegExp(
      String.raw`^[^\n|]{1,300}[:(]\d{1,7}(?:[:,]\d{1,6})?\)? ?: ${ERROR_WORD} ?: ` +
        String.raw`(?![^\n]{0,400}(?:${DENIED}|${READ_ONLY}))`,
      'm',
    ),
  },
  { cause: 'build', pattern: any`^error\[e\d{4}\]` },
]

// The answer will be the same tomorrow. Most of these come in the wrapping of a network failure
// ("unable to access", "failed to clone", "could not read from remote repository").
const REFUSALS: readonly Rule[] = [
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

// Said plainly by cmake or the shell, whatever else a log holds.
const MISSING: readonly Rule[] = [
  {
    cause: 'tool-missing',
    pattern: any`no cmake_\w{1,20}_compiler could be found  unable to find a build program
      cmake_make_program is not set  cuda toolkit not found  could not find nvcc
      links to:\n *cuda::
      no gpu was detected  unsupported gpu architecture  linker \S{1,80} not found
      toolchain '[^'\n]{1,80}' is not installed  cannot find -lcuda
      error trying to exec  existing compiler tool  cannot execute '  exec format error
      is not recognized as an int`,
  },
  {
    cause: 'tool-missing',
    pattern: any`^(?:\S{0,100}sh: |\S{1,200}: line )(?:line )?(?:\d{1,7}: )?\S{1,200} ?: not found$
      : command not found  : kommando nicht gefunden  : commande introuvable
      ^(?:/usr/bin/)?env: [^\n]{1,200}: (?:no such file|datei oder|aucun fichier)`,
  },
  {
    cause: 'stale-build-dir',
    pattern: any`cmakecache\.txt directory  used to generate cache  generator used previously
      build\.ninja:\d  loading 'build\.ninja'  could not load cache
      could not find cmake_generator in cache`,
  },
  {
    cause: 'source-incomplete',
    pattern: any`not (?:appear to )?contain (?:a )?cmakelists
      the source directory [^\n]{1,400} does not exist`,
  },
  { cause: 'clock', pattern: any`still dirty after \d{1,5} tries` },
]

const NETWORK: readonly Rule[] = [
  // Names. "(port 9418) (" is git's own protocol in every language.
  {
    cause: 'network',
    pattern: any`(?:couldn't|could not|unable to|can't) resolve (?:host|proxy|address)
      resolving timed out  unable to look up  \(port \d{1,5}\) \(  name or service not known
      name resolution  failed to lookup address  no address associated  nodename nor servname
      getaddrinfo  \beai_(?:again|fail|noname)\b  \benotfound\b  dns error
      name oder der dienst  namensauflösung  nom ou service inconnu  résolution du nom`,
  },
  // Connections. "127.0.0.1[0: 127.0.0.1]: errno=" is git's own protocol in every language.
  {
    cause: 'network',
    pattern: any`failed to connect to [^\n]{1,200} port  couldn't connect to server
      connect to host [^\n]{1,200} port \d  \[\d{1,3}: [^\]\n]{1,80}\]: errno=
      (?:unable|failed) to connect to \S{1,200}:$  establish a new connection
      connection (?:was )?(?:refused|reset|aborted|closed by|timed out|broken|timeout)
      network (?:is )?unreachable  no route to host  host is (?:down|unreachable)
      \be(?:connrefused|connreset|connaborted|timedout|netunreach|hostunreach)\b
      err_socket_  esockettimedout  und_err_
      verbindungsaufbau abgelehnt  wartezeit für die verbindung  keine route zum
      vom kommunikationspartner zurück  netzwerk ist nicht erreichbar
      connexion refusée  expiration du délai  connexion ré-initialisée
      réseau n'est pas accessible  chemin d'accès pour atteindre`,
  },
  // Time.
  {
    cause: 'network',
    pattern: any`operation (?:timed out|too slow)  timeout was reached  ssl connection timeout
      timed out after \d  (?:read|connect|handshake) time(?:d |-)?out  timeout, server`,
  },
  { cause: 'network', stages: ['fetch'], pattern: any`timed out` },
  // Cut off in the middle.
  {
    cause: 'network',
    pattern: any`early eof  hung up unexpectedly  transfer closed with  still expected
      zu frühes dateiende  hat unerwartet abgebrochen  fin de fichier prématurée
      fermé la connexion  empty reply from server  (?:recv|send) failure  http/2 stream
      http2 framing  bad pack header  kex_exchange_identification  ssh_exchange_identification
      client_loop: send  banner exchange  received disconnect from  incompleteread
      remote end closed  remotedisconnected  proxy connect aborted  socket hang up
      unexpected end of stream`,
  },
  // Broken handshakes; a certificate or a protocol that does not fit has been sorted out above.
  {
    cause: 'network',
    pattern: any`gnutls_handshake\(\) failed  gnutls recv error  non-properly terminated
      ssl_error_syscall  ssl_connect  unexpected eof while reading  wrong[ _]version[ _]number
      ssl connect error  tls handshake  tls packet`,
  },
  // Servers.
  {
    cause: 'network',
    pattern: any`${HTTP}(?:408|425|429|5(?!01|05|06|07|08|10|11)\d\d)\b
      too many requests  bad gateway  gateway time-?out  service (?:temporarily )?unavailable
      internal server error  50[0234] server error`,
  },
  // Numbers, where the words are not known.
  {
    cause: 'network',
    pattern: any`curl: \(${AGAIN}\)  ; curl ${AGAIN}\b  status_code: ${AGAIN}\b
      status: \[${AGAIN};  ^ *\[${AGAIN}\] [a-z]{2,}[^\n]{0,200}\)$
      network failure seems  related to network connectivity`,
  },
]

const PERMISSION: readonly Rule[] = [
  { cause: 'read-only fs', pattern: any`${READ_ONLY}` },
  {
    cause: 'permission',
    pattern: any`${DENIED}  \beacces\b  \beperm\b  insufficient permission`,
  },
  // cmake's own words for it: without an errno, or with a wrong one ("inappropriate ioctl").
  {
    cause: 'permission',
    pattern: any`file cannot create directory  administrative privileges  cannot open file for write
      error creating directory  file for write in copy operation  unable to \(re\)create
      unable to open cache file for save  failed to open for writing`,
  },
  {
    cause: 'permission',
    pattern: any`cannot create directory(?![^\n]{0,400}(?:${EXISTS}|no such file|not a dir))`,
  },
  // cmake says the same of a file that is missing; but what is being installed was configured
  // before, so the file is there and cmake may not read it.
  { cause: 'permission', stages: ['install'], pattern: any`cannot find source file` },
]

const BUILD: readonly Rule[] = [
  {
    cause: 'runtime-link',
    pattern: any`error while loading shared libraries  symbol lookup error
      version \S{1,80} not found  library not loaded  wrong elf class  file too short
      invalid elf header  illegal instruction`,
  },
  {
    cause: 'source-incomplete',
    pattern: any`cannot find source file  no sources given to  no known rule  no rule to make`,
  },
  {
    cause: 'config',
    pattern: any`could not create named generator  could not parse version  \(missing: 
      by not providing "  notimplementederror  modulenotfounderror  failed to select a version
      or higher is required`,
  },
  // pip says this after a lost connection too, which has been looked for above.
  { cause: 'source-not-found', pattern: any`no matching distribution  not find a version that` },
  {
    cause: 'build',
    pattern: any`undefined (?:reference|symbol)  nicht definierter verweis  référence indéfinie
      ld returned \d  linker command failed  cannot find -l  ninja: (?:error|build stopped|fatal)
      make(?:\[\d{1,3}\])?: \*\*\*  cmake error  compilation (?:failed|terminated)
      could not compile  linking with \S{1,80} failed  custom build command  fatal error
      nvcc fatal`,
  },
]

const LEFT_OVER: readonly Rule[] = [
  { cause: 'crash', exit: [132, 133, 134, 135, 136, 139], stages: AFTER_FETCH },
  { cause: 'permission', exit: [126] },
  { cause: 'tool-missing', exit: [127] },
  { cause: 'build', stages: ['configure', 'build', 'rebuild'] },
  { cause: 'build', stages: ['install'], pattern: any`no such file or directory` },
  { cause: 'unknown', stages: STAGED },
]

// The specification's words (ACCEPTANCE 131-157) in its order, for text without a stage.
const SPECIFICATION: readonly Rule[] = [
  {
    cause: 'network',
    pattern: any`connection timeout  failed to clone  could not resolve host  network unreachable
      connection refused  failed to connect  timed out  temporary failure in name resolution
      unable to access  gnutls_handshake\(\) failed`,
  },
  {
    cause: 'build',
    pattern: any`cmake error  ninja: build stopped  compilation failed  cmake not found
      undefined reference  no such file or directory  cannot find  compiler  make: \*\*\* \[
      collect2: error: ld returned`,
  },
  { cause: 'build', pattern: /ld:(?: |$)/m },
  {
    cause: 'permission',
    pattern: any`permission denied  eacces  cannot create directory  access is denied`,
  },
]

const atStages = (stages: readonly Stage[], rules: readonly Rule[]): Rule[] =>
  rules.map((rule) => ({ ...rule, stages }))

export const RULES: readonly Rule[] = [
  ...HOW_IT_ENDED,
  ...FULL_MACHINE,
  ...atStages(STAGED, COMPILE_ERRORS),
  ...REFUSALS,
  ...atStages(STAGED, MISSING),
  ...NETWORK,
  ...atStages([], SPECIFICATION),
  ...PERMISSION,
  ...MISSING,
  ...BUILD,
  ...LEFT_OVER,
  { cause: 'unknown' },
]
