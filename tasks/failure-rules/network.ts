// A connection that could not be made, or broke: another try may succeed.
import { any, type Rule } from './rule.ts'

/**
 * curl's numbers for "ask again later", which curl, git ("; curl 18"), cmake ("status_code: 7",
 * "status: [28;") and cargo ("[6] couldn't") all print. 35 is a broken handshake. Not 22 (an HTTP
 * status, judged by its number), 23 (our disk), 51, 58, 60, 77 (trust) and 67, 78 (login, 404).
 */
export const AGAIN = '(?:5|6|7|16|18|28|35|52|55|56|92|95)'

/** The number after "returned error: ", "RPC failed; HTTP ", "response ", "npm error code E" ... */
export const HTTP = '(?:error|http|code|status|response|got)[ :=]{1,3}e?'

export const NETWORK: readonly Rule[] = [
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
