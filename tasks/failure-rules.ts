// What tools print when they fail, and what it means: one cause per rule, one class per cause.
// The rules are walked in order and the first that fits wins, so the order is part of the table:
//   how it ended > full machine > permanent refusals > network > permission > build.
// Patterns see lower-cased lines without noise (failure.ts); each must be linear in the text.

export type Stage = 'fetch' | 'configure' | 'build' | 'install' | 'rebuild' | 'revalidate'
export type FailureClass = 'network' | 'permission' | 'build' | 'interrupted' | 'unknown'

/** One cause, one class. Only a network failure is worth another try. */
export const CLASS_OF = {
  network: 'network',
  'network-permanent': 'unknown',
  'tls-trust': 'unknown',
  auth: 'unknown',
  'source-not-found': 'unknown',
  'source-corrupt': 'unknown',
  'dest-occupied': 'unknown',
  'stale-lock': 'unknown',
  'repo-state': 'unknown',
  disk: 'unknown',
  unknown: 'unknown',
  permission: 'permission',
  'read-only fs': 'permission',
  ownership: 'permission',
  build: 'build',
  config: 'build',
  clock: 'build',
  crash: 'build',
  'tool-missing': 'build',
  'source-incomplete': 'build',
  'stale-build-dir': 'build',
  'runtime-link': 'build',
  'resource(oom)': 'build',
  interrupted: 'interrupted',
} as const satisfies Record<string, FailureClass>

export type Cause = keyof typeof CLASS_OF

export interface Rule {
  readonly cause: Cause
  /** Absent: any stage, and also when the stage is not known. */
  readonly stages?: readonly Stage[]
  /** Exit statuses; 128 + n for a signal. Absent: any. */
  readonly exit?: readonly number[]
  /** Absent: stage and exit decide. */
  readonly pattern?: RegExp
}

// Text without a stage follows the specification, where build comes before permission.
const STAGED = ['fetch', 'configure', 'build', 'install', 'rebuild', 'revalidate'] as const
const AFTER_FETCH = ['configure', 'build', 'install', 'rebuild', 'revalidate'] as const

// The C library translates errno texts even where the tool does not (LC_ALL=C is set, but in vain
// when a build script sets its own): English, German and French, as in glibc's catalogues.
const DENIED =
  'permission denied|operation not permitted|access is denied|keine berechtigung|die operation ist nicht erlaubt|zugriff verweigert|permission non accordée|opération non permise|accès refusé'
const READ_ONLY =
  'read-only file ?system|das dateisystem ist nur lesbar|système de fichiers accessible en lecture seulement|\\berofs\\b'
const NO_SPACE =
  'no space left on device|disk quota exceeded|\\benospc\\b|\\bedquot\\b|file size limit exceeded|file too large|not enough (?:free )?(?:disk )?space|disk (?:is )?full|kein speicherplatz|plattenplatz \\(quota\\)|die datei ist zu groß|aucun espace disponible|quota d\'espace disque|fichier trop gros'
const NO_MEMORY =
  'cannot allocate memory|out of memory|memory exhausted|std::bad_alloc|\\benomem\\b|memory allocation of \\d+ bytes failed|insufficient memory|nicht genügend hauptspeicher|ne peut allouer de la mémoire'
const BUSY = 'resource temporarily unavailable|zur zeit nicht verfügbar|temporairement non disponible'
const EXISTS = 'file exists|existiert bereits|existe déjà|le fichier existe'
const ERROR_WORD = '(?:fatal error|error|schwerwiegender fehler|fehler|erreur fatale|erreur)'
const COMPILER = '(?:clang|gcc|g\\+\\+|cc1|c\\+\\+|nvcc|cicc|ptxas|lld|collect2|rustc)'

// curl's numbers for "ask again later", as curl, git ("; curl 18"), cmake ("status_code: 7",
// "status: [28;") and cargo ("[6] couldn't") print them; 35 is a broken handshake.
// Not 22 (an HTTP status, judged by its number), 23 (our disk), 51/58/60/77 (trust), 67/78.
const CURL_AGAIN = '(?:5|6|7|16|18|28|35|52|55|56|92|95)'
const http = (codes: string): RegExp =>
  new RegExp(`(?:error|http|code|status|response|got)[ :=]{1,3}e?(?:${codes})\\b`)

const HOW_IT_ENDED: readonly Rule[] = [
  // git answers a wrong option with 129, which is not a hang-up.
  { cause: 'unknown', exit: [129], pattern: /^usage: |unknown (?:option|switch)/m },
  { cause: 'interrupted', exit: [129, 130, 131, 143] },
  { cause: 'disk', exit: [153] },
  { cause: 'resource(oom)', exit: [152] },
  // 137 is SIGKILL: from a person, a wrapper or the kernel. The kernel takes the biggest process,
  // so a compiler, or a tool that died before it said anything, is memory; the rest is a person.
  {
    cause: 'resource(oom)',
    exit: [137],
    pattern: new RegExp(`killed +(?:\\S*/)?${COMPILER}|killed signal terminated|oom|${NO_MEMORY}`),
  },
  { cause: 'interrupted', exit: [137], pattern: /\bkilled\b|^\[left behind:/m },
  { cause: 'interrupted', exit: [137], stages: ['fetch'] },
  { cause: 'resource(oom)', exit: [137], stages: ['configure'] },
  { cause: 'resource(oom)', exit: [137], pattern: /^$/ },
  { cause: 'interrupted', exit: [137] },
  // 124 is timeout(1). A fetch that ran out of time is slow; a build that did was told to stop.
  { cause: 'interrupted', exit: [124], pattern: /^\[left behind:/m },
  { cause: 'network', exit: [124], stages: ['fetch'] },
  { cause: 'interrupted', exit: [124], stages: AFTER_FETCH },
]

const FULL_MACHINE: readonly Rule[] = [
  { cause: 'disk', pattern: new RegExp(NO_SPACE) },
  { cause: 'disk', pattern: /failure writing output to destination|failed writing body/ },
  { cause: 'resource(oom)', pattern: new RegExp(NO_MEMORY) },
  // Before permission: a shell that cannot fork leaves follow-up errors of every kind.
  { cause: 'resource(oom)', pattern: /cannot fork|too many open files|can't start new thread/ },
  {
    cause: 'resource(oom)',
    pattern: new RegExp(`(?:fork|thread|spawn|exec)[^\\n]{0,120}(?:${BUSY})`),
  },
  { cause: 'resource(oom)', pattern: /killed signal terminated program|unable to execute command: killed|signal:? 9\b|internal compiler error: killed|\] (?:killed|getötet|processus arrêté|error 137)/ },
  // ninja exits 2 on SIGINT, make prints the signal's name and exits 2.
  { cause: 'interrupted', pattern: /interrupted by user|keyboardinterrupt|\] (?:interrupt|terminated|hangup|beendet|complété)\b|\] (?:error|fehler|erreur) 1(?:30|43)\b|(?:interrupt|terminated|hangup) signal terminated program|signal:? (?:1|2|15)\b/ },
]

const REFUSALS: readonly Rule[] = [
  { cause: 'ownership', pattern: /safe\.directory|dubious ownership|owned by someone else/ },
  // ssh then also says "permission denied (publickey)", but our file is the first cause.
  { cause: 'permission', pattern: /identity file [^\n]{1,400} not accessible: permission|load key [^\n]{1,400}: permission denied|unprotected private key|bad owner or permissions/ },
  { cause: 'auth', pattern: /permission denied \((?:publickey|password|keyboard|gssapi|hostbased)|host key verification failed|remote host identification has changed|too many authentication failures|no matching (?:host key|key exchange|cipher|mac)|unable to negotiate with/ },
  { cause: 'auth', pattern: /could not read (?:username|password)|terminal prompts disabled|authentication (?:failed|required)|authentifizierung fehlgeschlagen|échec d'authentification|invalid (?:username|credentials)|access denied|access to [^\n]{1,200} denied|saml sso|unable to read askpass|login denied|eneedauth|code eotp/ },
  { cause: 'tls-trust', pattern: /certificate (?:verification|verify) failed|certificate_verify_failed|ssl certificate problem|self[- _]signed|(?:local )?issuer certificate|local_issuer|unable_to_verify|cert(?:ificate)?[ _](?:has[ _])?expired|certificate is not yet valid|not trusted|alternative certificate subject|cert_altname|subject name[^\n]{0,200} match|setting certificate|problem with the (?:local )?ssl c|(?:bad|unknown|required|invalid) certificate|certificate (?:unknown|required|is bad|signature)|unknown ca\b|error reading (?:ca|client|x\.?509)|host ?name mismatch|invalid peer certificate|pinned public key/ },
  // No two tries agree on a protocol. GnuTLS's other handshake failures come and go.
  { cause: 'network-permanent', pattern: /alert (?:handshake failure|protocol version|illegal|internal error)|sslv3_alert|no protocols available|unsupported protocol|unsupported (?:proxy|url)|(?:protocol|scheme)[^\n]{0,80}(?:not supported|disabled)|no cipher|cipher suite|fatal alert has been received|unsupported version|error in protocol version|maximum \(?\d+\)? redirects|url (?:rejected|using bad)|url malformed|invalid url|not allowed by ruleset|no acceptable/ },
  { cause: 'network-permanent', pattern: new RegExp(`connect(?:ion)? to [^\\n]{1,200}: (?:${DENIED})|errno=(?:${DENIED})`) },
  { cause: 'auth', pattern: http('401|403|407') },
  { cause: 'source-not-found', pattern: http('404|410') },
  // The rest of 3xx and 4xx, and those 5xx that say "never": 501, 505 to 508, 510, 511.
  { cause: 'network-permanent', pattern: http('3\\d\\d|4(?!08|25|29)\\d\\d|501|50[5-8]|51[01]') },
  { cause: 'source-not-found', pattern: /remote (?:branch|ref)[^\n]{1,400} (?:not (?:found|in)|nicht )|(?:couldn't|could not) find remote (?:ref|branch)|remote-referenz|branche distante [^\n]{1,400} pas été trouvée|référence distante|not our ref|did not contain|unadvertised object|reference is not a tree|referenz ist kein|la référence n'est pas|not a valid (?:object|ref|branch)|bad (?:revision|object)|unknown revision|pathspec [^\n]{1,400} did not match|invalid reference|not a commit|needed a single revision|cannot find current revision|not exported/ },
  { cause: 'source-not-found', pattern: /repository [^\n]{0,400}(?:not found|does not exist|nicht gefunden|existiert nicht|not exported)|dépôt [^\n]{1,400}(?:non trouvé|n'existe pas)|does not appear to be a git repo|no such repository|404[: ]+not found|410[: ]+gone|code (?:etarget|enoversions)|no matching package|file:\/\/[^\n]{0,200}couldn't open|couldn't open file|update-server-info/ },
  // A server that hung up in the middle of a pack also leaves a broken pack: this comes first.
  { cause: 'network', pattern: new RegExp(`rpc[^\\n]{0,40}; (?:curl ${CURL_AGAIN}\\b|result=${CURL_AGAIN}\\b)|unexpected disconnect while reading`) },
  // git says "index-pack died" only when it unpacks a bundle: a file of ours, not a connection.
  { cause: 'source-corrupt', pattern: /index-pack died|inflate (?:inconsist|returned)|inflate: data|bad object at offset|is corrupt|corrupt(?:ed)? (?:patch|loose|bundle|pack|archive)|sha1 mismatch|pack (?:signature|has|is)[^\n]{0,80}(?:mismatch|bad|corrupt)|hash mismatch at|eintegrity|integrity checksum failed|checksum (?:for [^\n]{1,200} changed|mismatch|failed)|verify the checksum|do(?:es)? not match the hash|does not look like a[^\n]{0,20} bundle|unrecognized (?:header|bundle)|not in gzip format|not a tar archive|crc (?:error|failed)|unexpected end of (?:file|archive|data)|lacks these prerequisite|(?:does not match|mismatch)[^\n]{0,80}(?:sha256|checksum)/ },
  // cmake writes the status of the download beside the mismatch: only 0 means the bytes are wrong.
  { cause: 'source-corrupt', pattern: /status: \[0;|hash mismatch[^]{0,400}status: \[0;/ },
  { cause: 'stale-lock', pattern: new RegExp(`(?:\\.lock|could not lock|cannot lock)[^\\n]{0,400}(?:${EXISTS})|another git process`) },
  { cause: 'dest-occupied', pattern: /already exists and is not an empty|existiert bereits und ist kein leeres|existe déjà et n'est pas un répertoire vide/ },
  { cause: 'repo-state', pattern: /not currently on a branch|is not a git command|remote helper for|not a git repository|kein git-repository|pas un dépôt git|would be overwritten|not possible to fast-forward|divergent branches|unrelated histories|needs merge|unmerged|no url found for submodule|no submodule mapping|non-fast-forward|couldn't find a remote|no remote repository specified|no such remote/ },
  { cause: 'config', pattern: /transport '[^'\n]{1,40}' not allowed|protocol '[^'\n]{1,40}' is not|--offline was specified|--locked was passed|failed to parse manifest|code (?:eresolve|ebadplatform|ebadengine|eusage|ejsonparse|enolock)/ },
]

// A compiler quotes the program it compiles, and programs talk about connections: what it rejects
// is judged before the network words. Its failed reads and writes are left to the rules below.
const COMPILE_ERRORS: readonly Rule[] = [
  {
    cause: 'build',
    stages: STAGED,
    pattern: new RegExp(
      `^[^\\n|]{1,300}[:(]\\d{1,7}(?:[:,]\\d{1,6})?\\)? ?: ${ERROR_WORD} ?: (?![^\\n]{0,400}(?:${DENIED}|${READ_ONLY}))`,
      'm',
    ),
  },
  { cause: 'build', stages: STAGED, pattern: /^error\[e\d{4}\]/m },
  { cause: 'tool-missing', pattern: /no cmake_\w+_compiler could be found|unable to find a build program|cmake_make_program is not set|cuda toolkit not found|cuda::cub|cuda_compiler|could not find nvcc|no gpu was detected|unsupported gpu architecture|linker `[^`\n]{1,80}` not found|toolchain '[^'\n]{1,80}' is not installed|no c compiler found/ },
  { cause: 'tool-missing', pattern: /^(?:\S*sh|\/\S+|\S+: line \d+)?:? ?(?:\d+: )?[\w.+/-]+ ?: (?:command not found|not found$|kommando nicht gefunden|commande introuvable)|is not recognized as an internal|^(?:\/usr\/bin\/)?env: [^\n]{1,200}: (?:no such file|datei oder|aucun)|cannot execute '|error trying to exec|exec format error/m },
  { cause: 'tool-missing', pattern: /cannot find -lcuda/ },
  { cause: 'stale-build-dir', pattern: /cmakecache\.txt directory|used to generate cache|generator used previously|build\.ninja:\d|loading 'build\.ninja'|could not load cache|could not find cmake_generator in cache/ },
  { cause: 'source-incomplete', pattern: /not (?:appear to )?contain (?:a )?cmakelists|does not contain a cmakelists|the source directory [^\n]{1,400} does not exist/ },
  { cause: 'clock', pattern: /still dirty after \d+ tries/ },
]

const NETWORK: readonly Rule[] = [
  // Names.
  { cause: 'network', pattern: /(?:couldn't|could not|unable to|can't) resolve (?:host|proxy|address)|resolving timed out|unable to look up|\(port \d+\) \(|name or service not known|name resolution|failed to lookup address|no address associated|nodename nor servname|getaddrinfo|\beai_(?:again|fail|noname)\b|\benotfound\b|name oder der dienst|namensauflösung|nom ou service inconnu|résolution du nom|dns error/ },
  // Connections. git's own protocol prints "127.0.0.1[0: 127.0.0.1]: errno=" in every language.
  { cause: 'network', pattern: /failed to connect to [^\n]{1,200} port|couldn't connect to server|connect to host [^\n]{1,200} port \d+|\[\d+: [^\]\n]{1,80}\]: errno=|(?:unable|failed) to connect to \S+:$|new connection|connection (?:was )?(?:refused|reset|aborted|closed by|timed out|broken|timeout)|network (?:is )?unreachable|no route to host|host is (?:down|unreachable)|\be(?:connrefused|connreset|connaborted|timedout|netunreach|netdown|hostunreach|hostdown|socket_?timeout)\b|err_socket_|und_err_/m },
  { cause: 'network', pattern: /verbindungsaufbau abgelehnt|wartezeit für die verbindung|vom kommunikationspartner zurückgesetzt|netzwerk ist nicht erreichbar|keine route zum|connexion refusée|expiration du délai|connexion ré-initialisée|réseau n'est pas accessible|chemin d'accès pour atteindre/ },
  // Time.
  { cause: 'network', pattern: /operation (?:timed out|too slow)|timeout was reached|ssl connection timeout|timed out after \d+|(?:read|connect|handshake|socket) time(?:d |-)?out|timeout, server|giving up after/ },
  { cause: 'network', stages: ['fetch'], pattern: /timed out/ },
  // Cut off in the middle.
  { cause: 'network', pattern: /early eof|zu frühes dateiende|fin de fichier prématurée|hung up unexpectedly|hat unerwartet abgebrochen|fermé la connexion|transfer closed with|still expected|noch erwartet|empty reply from server|(?:recv|send|read) (?:failure|error):? |http\/2 stream|http2 framing|bad pack header|kex_exchange_identification|ssh_exchange_identification|client_loop: send|banner exchange|received disconnect from|incompleteread|remote end closed|remotedisconnected|proxy connect aborted|socket hang up|connection lost|unexpected end of stream|body was truncated/ },
  { cause: 'network', pattern: /gnutls_handshake\(\) failed|gnutls recv error|non-properly terminated|ssl_error_syscall|ssl_connect|unexpected eof while reading|wrong[ _]version[ _]number|ssl connect error|tls handshake|tls packet/ },
  // Servers.
  { cause: 'network', pattern: http('408|425|429|5(?!01|05|06|07|08|10|11)\\d\\d') },
  { cause: 'network', pattern: /too many requests|bad gateway|gateway time-?out|service (?:temporarily )?unavailable|internal server error|50[0234] server error/ },
  // Numbers, where the words were not known.
  { cause: 'network', pattern: new RegExp(`curl: \\(${CURL_AGAIN}\\)|; curl ${CURL_AGAIN}\\b|status_code: ${CURL_AGAIN}\\b|status: \\[${CURL_AGAIN};|^ *\\[${CURL_AGAIN}\\] [a-z]`, 'm') },
  { cause: 'network', pattern: /network failure seems|problem related to network connectivity/ },
]

const PERMISSION: readonly Rule[] = [
  { cause: 'read-only fs', stages: STAGED, pattern: new RegExp(READ_ONLY) },
  { cause: 'permission', stages: STAGED, pattern: new RegExp(`${DENIED}|\\beacces\\b|\\beperm\\b`) },
  { cause: 'permission', pattern: /insufficient permission|maybe need administrative privileges|not writ(?:e)?able/ },
  // cmake's own words for it; it prints no errno, or a wrong one ("inappropriate ioctl").
  { cause: 'permission', pattern: /cannot open file for write|error creating directory|file for write in copy operation|unable to \(re\)create|unable to open cache file for save|failed to open for writing/ },
  { cause: 'permission', stages: STAGED, pattern: new RegExp(`cannot create directory(?![^\\n]{0,400}(?:${EXISTS}|no such file|not a directory))`) },
  // The same words as for a file that is missing; but what is being installed was configured
  // before, so the file is there and cmake may not read it.
  { cause: 'permission', stages: ['install'], pattern: /cannot find source file/ },
]

const BUILD: readonly Rule[] = [
  { cause: 'runtime-link', pattern: /error while loading shared libraries|symbol lookup error|undefined symbol:|version `[^'\n]{1,80}' not found|library not loaded|wrong elf class|file too short|invalid elf header|illegal instruction/ },
  { cause: 'source-incomplete', pattern: /cannot find source file|no sources given to target|missing and no known rule|no rule to make target/ },
  { cause: 'config', pattern: /could not create named generator|could not parse version|\(missing: |by not providing "|notimplementederror|modulenotfounderror|failed to select a version|or higher is required|unknown (?:cmake )?(?:argument|command)/ },
  // pip and npm say this also after a lost connection, which has been looked for above.
  { cause: 'source-not-found', pattern: /no matching distribution|could not find a version that/ },
  { cause: 'build', pattern: /undefined reference|référence indéfinie|nicht definierter verweis|ld returned \d|linker command failed|cannot find -l|ninja: (?:error|build stopped|fatal)|make(?:\[\d+\])?: \*\*\*|cmake error|compilation (?:failed|terminated)|could not compile|linking with `|custom build command|fatal error|nvcc fatal|code elifecycle/ },
]

const LEFT_OVER: readonly Rule[] = [
  { cause: 'crash', exit: [132, 133, 134, 135, 136, 139], stages: AFTER_FETCH },
  { cause: 'permission', exit: [126] },
  { cause: 'tool-missing', exit: [127] },
  { cause: 'build', stages: ['configure', 'build', 'rebuild'] },
  { cause: 'build', stages: ['install'], pattern: /no such file or directory|datei oder verzeichnis|aucun fichier ou dossier/ },
  { cause: 'unknown', stages: STAGED },
]

// The specification's rules (ACCEPTANCE 131-157), for text that comes without a stage.
const SPECIFICATION: readonly Rule[] = [
  { cause: 'network', pattern: /connection timeout|failed to clone|could not resolve host|network unreachable|connection refused|failed to connect|timed out|temporary failure in name resolution|unable to access|gnutls_handshake\(\) failed/ },
  { cause: 'build', pattern: /cmake error|ninja: build stopped|compilation failed|cmake not found|undefined reference|no such file or directory|cannot find|compiler|make: \*\*\* \[|ld: |collect2: error: ld returned/ },
  { cause: 'permission', pattern: /permission denied|eacces|cannot create directory|access is denied/ },
]

export const RULES: readonly Rule[] = [
  ...HOW_IT_ENDED,
  ...FULL_MACHINE,
  ...REFUSALS,
  ...COMPILE_ERRORS,
  ...NETWORK,
  ...PERMISSION,
  ...BUILD,
  ...LEFT_OVER,
  ...SPECIFICATION,
]
