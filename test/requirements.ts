/** What a test may cite in its title: pure data, compared with the titles by `requirements.test.ts`. */

export interface Requirement {
  /** What holds, in one sentence. */
  readonly sentence: string;
  /** Where it comes from: an attack on comparable software, a standard, or a property of this design. */
  readonly source: string;
}

/** What Keyward promises. Each abuse case below is one way to break one of these. */
export const PROMISES = {
  P1: {
    sentence: "A header value leaves the process only in a request to the origin it was stored for.",
    source: "threat model: disclosure",
  },
  P2: {
    sentence: "A value is used only for calls of the identity it is stored under.",
    source: "threat model: spoofing",
  },
  P3: {
    sentence: "A value appears in no log, error, response, metric, trace, audit row, URL or plaintext file.",
    source: "threat model: disclosure",
  },
  P4: {
    sentence: "The ciphertext of one row opens in no other row, deployment, origin, identity or version.",
    source: "threat model: tampering",
  },
  P5: {
    sentence: "A link takes at most one successful submission, from its opener, before it expires.",
    source: "threat model: spoofing",
  },
  P6: {
    sentence: "A link shows the names that its form needs and nothing about stored values.",
    source: "threat model: disclosure",
  },
  P7: {
    sentence: "A new value replaces the old one only after the upstream accepted it.",
    source: "threat model: tampering",
  },
  P8: {
    sentence:
      "After an acknowledged revoke no new upstream request carries the value, and open streams end within 5 s.",
    source: "threat model: disclosure",
  },
  P9: {
    sentence: "An acknowledged mutation survives kill -9; an unacknowledged one is there whole or not at all.",
    source: "crash safety",
  },
  P10: {
    sentence: "Not knowing is answered as unavailable, never as a missing key and never with another credential.",
    source: "threat model: elevation",
  },
  P11: { sentence: "Every mutation has exactly one audit record.", source: "threat model: repudiation" },
  P12: {
    sentence: "Sweeping removes no active credential, and running it again or elsewhere changes nothing more.",
    source: "crash safety",
  },
  P13: {
    sentence: "A special address is dialled only when listed; link-local and metadata addresses never.",
    source: "threat model: disclosure",
  },
  P14: {
    sentence: "Nothing that one identity does changes what another one sees.",
    source: "threat model: disclosure",
  },
  P15: {
    sentence: "With any one key lost or wrong, the process refuses to start or refuses the row.",
    source: "crash safety",
  },
  P16: {
    sentence: "Links, sessions, bytes, time and verify attempts are bounded for each identity.",
    source: "threat model: denial",
  },
} as const satisfies Record<string, Requirement>;

/** The abuse and fault cases that have a test. */
export const ABUSE_CASES = {
  A01: {
    sentence: "A user's link opens for nobody else, however signed in, and the attempt is written down.",
    source: "Bifrost PR 3841",
  },
  A02: { sentence: "A key of another identity does not open a link, and ten wrong keys lock it.", source: "P5" },
  A03: {
    sentence: "Whose link it is is asked again when values are submitted, whatever was shown before.",
    source: "MCP 2026-07-28, elicitation",
  },
  A04: {
    sentence: "A used link, replayed from anywhere, is answered as unknown and changes nothing.",
    source: "CVE-2026-73431",
  },
  A05: { sentence: "A token of one purpose is refused for every other purpose.", source: "CVE-2026-110862" },
  A06: {
    sentence: "Tokens, states and flow ids that a caller brings are ignored: only minted ones exist.",
    source: "CVE-2026-121802",
  },
  A07: {
    sentence: "Expired, unknown and malformed tokens get one answer, and a bad checksum costs no lookup.",
    source: "P5",
  },
  A08: {
    sentence: "Previews, prefetches, HEAD and a thousand GETs of a link change no state and count no attempt.",
    source: "P5",
  },
  A09: {
    sentence: "A value is never sent to, or verified against, an origin that it was not given for.",
    source: "CVE-2026-56348",
  },
  A10: {
    sentence: "A call without a known identity gets an auth error and nobody's credential.",
    source: "CVE-2026-45707",
  },
  A11: {
    sentence: "Garbage, doubled or conflicting credentials are a 401, never anonymous access.",
    source: "CVE-2026-59822",
  },
  A12: {
    sentence: "Another identity's ids, wherever they are put in a request, open nothing.",
    source: "CVE-2026-72763",
  },
  A13: { sentence: "Identity ids that try to collide stay distinct or are refused.", source: "CVE-2026-67330" },
  A14: {
    sentence: "Fifty parallel submits of one link give one success, one version step and one audit record.",
    source: "CVE-2026-53517",
  },
  A15: {
    sentence: "Fifty parallel initiations give one flow, and every returned link works until one succeeds.",
    source: "P5",
  },
  A16: {
    sentence: "A tool called in a loop is rate-limited for links while the open form goes on working.",
    source: "P16",
  },
  A17: {
    sentence: "What another site makes a browser send changes nothing, in whatever form it is sent.",
    source: "security.md 7.6",
  },
  A18: {
    sentence: "Markup, direction overrides and endless text in names and hints are shown as short plain text.",
    source: "P6",
  },
  A19: {
    sentence: "Once the page has loaded, no token is in the address bar, history, Referer, storage or cookie.",
    source: "P3",
  },
  A20: { sentence: "No answer of a link endpoint holds a stored value, its length or its beginning.", source: "P6" },
  A21: {
    sentence: "Every flipped bit, cut and extension of an envelope gives one opaque error and deletes nothing.",
    source: "P4",
  },
  A22: { sentence: "Ciphertext copied into another row is refused.", source: "P4" },
  A23: { sentence: "An older ciphertext put back under the newer version is refused.", source: "P4" },
  A24: {
    sentence: "A wrong, missing, short, doubled or lost encryption key stops the start, which writes nothing.",
    source: "P15",
  },
  A25: {
    sentence: "A name that resolves to a special address, first, second or in part, is not dialled.",
    source: "CVE-2026-77822",
  },
  A26: {
    sentence: "Of all spellings of all address ranges only global unicast passes; what cannot be parsed is denied.",
    source: "CVE-2026-55245",
  },
  A27: { sentence: "The object that is dialled is the object that was checked.", source: "GHSA-jp9j" },
  A28: {
    sentence: "Every connection, of whatever transport and era, goes through the one door.",
    source: "Bifrost PR 5772",
  },
  A29: { sentence: "No redirect is followed, and nobody else sees the credential.", source: "CVE-2026-40895" },
  A30: {
    sentence: "A server that answers badly, endlessly or hugely costs its caller an error and nothing else.",
    source: "P16",
  },
  A31: {
    sentence: "Header values that could split, cut or fold a header are refused without being quoted.",
    source: "RFC 9110, section 5.5",
  },
  A32: {
    sentence: "Reserved, malformed, doubled and look-alike header names are refused when they are declared.",
    source: "RFC 9110, section 5.1",
  },
  A33: {
    sentence: "A caller's own copy of a credential header is not forwarded: the wire has the stored value once.",
    source: "CVE-2026-110279",
  },
  A34: {
    sentence: "A header that claims an identity in another spelling, twice or from a stranger claims nothing.",
    source: "CVE-2026-54763",
  },
  A35: {
    sentence: "A static and a user header of one name are refused at save, and never joined on the wire.",
    source: "P1",
  },
  A36: {
    sentence: "A hostile `x-mcp-header` annotation hides the tool from the era that would heed it.",
    source: "MCP 2026-07-28, tools",
  },
  A37: {
    sentence: "No secret of a whole run is in any log, response, file, metric or audit row, in any encoding.",
    source: "P3",
  },
  A38: {
    sentence: "A key that the server repeats is taken out of its answer, however it is cut or encoded.",
    source: "P3",
  },
  A39: { sentence: "A secret prints as [secret] however it is printed, cloned or nested.", source: "P3" },
  A40: {
    sentence: "Unknown and wrong are one answer after the same work.",
    source: "P6",
  },
  A41: {
    sentence: "Callers with equal JSON-RPC ids get their own answers, made with their own keys.",
    source: "CVE-2026-25536",
  },
  A42: {
    sentence: "A session id that is foreign, of another scope, tampered, fabricated or old is unknown, with no hint.",
    source: "CVE-2026-52869",
  },
  A43: {
    sentence: "What a server lists for one identity is listed to no other, and cannot be called by another.",
    source: "CVE-2026-16326",
  },
  A44: {
    sentence: "However many sessions one identity opens, memory stays bounded and others are served.",
    source: "CVE-2026-59951",
  },
  A45: {
    sentence: "A foreign host or origin is refused before the body is read, on every way in.",
    source: "CVE-2025-66414",
  },
  A46: {
    sentence:
      "Forwarded headers of an unlisted peer and odd spellings of the host move no link, no route and no answer.",
    source: "CVE-2026-49468",
  },
  A47: {
    sentence: "Only an administrator reaches the server endpoints, and none of them starts a process.",
    source: "CVE-2026-42271",
  },
  A48: {
    sentence: "A first start has no default secret, prints its setup token once, and listens on loopback only.",
    source: "CVE-2026-53709",
  },
  A49: {
    sentence: "A request state that is tampered, foreign, of another request or old is refused.",
    source: "MCP 2026-07-28, multi round-trip requests",
  },
  A50: {
    sentence: "What a client says of a link proves nothing: only what is stored ends the wait for a key.",
    source: "MCP 2026-07-28, elicitation",
  },
  A51: {
    sentence:
      "A poisoned tool list is namespaced, capped, cleaned, never fails as a whole, and is flagged when it changes.",
    source: "P14",
  },
  A52: { sentence: "A revoke at any moment cancels the submission, and no value comes back.", source: "P8" },
  A53: {
    sentence: "Access is asked again at the commit: lost or lost and regained, what was begun before is not stored.",
    source: "P8",
  },
  A54: {
    sentence:
      "A schema edited while values are verified refuses the commit unless the form is still what is asked for; a call goes with the old or asks.",
    source: "P7",
  },
  A55: { sentence: "A new value that the upstream rejects leaves the old one active and in use.", source: "P7" },
  A56: {
    sentence: "An upstream that cannot be judged is a retryable 503: no attempt is counted, nothing is stored.",
    source: "P10",
  },
  A57: { sentence: "Only codes and statuses say that a value is refused; words in an error never do.", source: "P7" },
  A58: {
    sentence: "Any number of replicas sweep at once, and nothing that lives goes, nor anything twice.",
    source: "P12",
  },
  A59: {
    sentence:
      "A server, key or user that is deleted takes along all that is its own; links are dead, ids never come back.",
    source: "P8",
  },
  A60: { sentence: "kill -9 at any moment leaves every acknowledged operation, whole.", source: "P9" },
  A61: {
    sentence:
      "Whichever call of the store fails, and however, nothing is half done, and asking again tells what happened.",
    source: "P10",
  },
  A62: {
    sentence:
      "A database that cannot be reached, restarts or takes no writes is an outage within bounds, and over when it is.",
    source: "P10",
  },
  A63: {
    sentence: "A full disk, a lock, damage or a path that cannot be used is said, and never a silent new database.",
    source: "P9",
  },
  A64: {
    sentence: "Clocks that disagree, or jump, revive nothing that has expired, and of two submissions one wins.",
    source: "P5",
  },
  A65: {
    sentence:
      "A key command that stalls or dies is asked again for a minute, then stops the start; one that lies stops it at once.",
    source: "P15",
  },
  A66: {
    sentence: "A data key is rotated and retired under readers and writers that have not heard of it: no row is lost.",
    source: "security.md 6.5",
  },
  A67: {
    sentence:
      "Re-wrapping, interrupted, repeated and among other changes, loses no update and makes nothing unreadable.",
    source: "security.md 6.5",
  },
  A68: {
    sentence: "Migrations run once, are refused when edited or newer, and name both versions.",
    source: "crash safety",
  },
  A69: {
    sentence:
      "A stop takes nothing new, finishes what is under way within its time, leaves no claim, and exits with 0; a second signal ends at once.",
    source: "crash safety",
  },
  A70: {
    sentence: "Thousands of calls and faults leave memory, files, sockets and timers as they were.",
    source: "P16",
  },
  A72: {
    sentence:
      "A log that nobody reads, a locked audit table or a scraper that hangs holds up no call, and nothing grows without bound; changes wait, or are refused.",
    source: "crash safety",
  },
  A71: {
    sentence: "A database or backup opens again with the key that wraps its keys, and with no other.",
    source: "P15",
  },
} as const satisfies Record<string, Requirement>;
