/**
 * What the app must withstand, and what exactly the tests assert of it. The numbers are for good: tests carry them in
 * their names, and `node scripts/security-docs.mjs` prints all of this into docs/security.md.
 * @typedef {{ title: string, asserts: string, attack?: string, defence?: string }} Threat
 */

/** @type {Record<number, Threat>} */
export const threats = {
  1: {
    title: "guessing codes one by one",
    asserts:
      "Five wrong codes are each answered 400, the sixth 429 with Retry-After. The right code in a new challenge is 429 too while the account is blocked.",
  },
  2: {
    title: "guessing in parallel",
    asserts:
      "Thirty wrong codes at once, over three challenges, get at most five answers 400; all others are 429 or 503. On PostgreSQL the same holds over two processes.",
  },
  3: {
    title: "replaying a code inside its window",
    asserts:
      "A code that has signed in is refused in the next challenge, and so is the code of the step before it; the next step's code signs in.",
  },
  4: {
    title: "one code twice at once",
    asserts: "One code sent to three challenges in parallel signs in once. One challenge answered by five processes gives one session.",
  },
  5: { title: "signing in with the setup's own code", asserts: "The code that turned MFA on is refused at the next sign-in." },
  6: {
    title: "one backup code in several requests",
    asserts: "One backup code sent to three challenges in parallel signs in once, and nine codes are left.",
  },
  7: {
    title: "attempts lost between counters",
    asserts: "After parallel wrong codes the account's counter equals the number of answers 400, exactly.",
  },
  8: {
    title: "a setup that overwrites the active factor",
    asserts:
      "The old code signs in and MFA is still on after a setup that was refused, while another device is pending, and after a wrong code of the pending one. The pending device signs nobody in before it is verified, the replaced one nobody after.",
  },
  9: {
    title: "a stolen session enrols its thief",
    asserts:
      "A session whose sign-in was 601 seconds ago, lies in the future, is unknown or no number, gets 403 reauth_required, and no factor row appears. Signing in again by password, OAuth or magic link is enough. An account linked to an old session makes it no younger.",
  },
  10: {
    title: "changing settings without a factor",
    asserts:
      "Setup, disable, backup-codes and step-up with a session only, an empty code, a wrong one and a used one are refused, and the rows of user, factor and backup codes are the same after each. Linking is refused without a recent second factor, also after wrong and used codes.",
  },
  12: {
    title: "a half-authenticated session",
    asserts:
      "After the first factor there is no session cookie and no session, and every reader (page, route, raw token, middleware) and every MFA route sees nobody. Nothing but the challenge page is reached. The code completes it.",
  },
  13: {
    title: "fixation and swapped cookies",
    asserts:
      "Another user's code in a challenge is 400, a planted session cookie signs nobody in, a code without the challenge's cookie is 401, and a used challenge is 401 for a copy of the browser. Behind TLS a cookie planted under the plain name is not read.",
  },
  14: {
    title: "claims set through a session update",
    asserts:
      "An update with every mfa claim, where the app's callback copies all it is sent into the token, leaves the session its own: MFA's routes act for nobody else, a session without a row stays nobody's, and an ended session cannot raise its epoch.",
  },
  15: {
    title: "a way around by OAuth",
    asserts:
      "A sign-in of a user with MFA through a real OpenID Connect provider is held, also the first with a new account where addresses link.",
  },
  16: {
    title: "a way around by magic link",
    asserts: "Asking for a link is not held and makes no challenge row. Opening it is held.",
  },
  17: {
    title: "a way around by passkey",
    asserts: "A passkey sign-in in a real browser is held, and no session exists before the code. The token callback alone refuses too.",
  },
  18: {
    title: "a way around by account linking",
    asserts:
      "An account that nobody has, with the address of a user with MFA, gets neither a session nor a link. Where addresses link, nothing is linked before the right code, nor by a wrong one.",
  },
  19: {
    title: "calling a provider of ours directly",
    asserts: "The list of providers names none of MFA's, and a direct POST to one's callback gives no session.",
  },
  21: {
    title: "locking a victim out",
    asserts: "Wrong passwords leave the MFA counter at 0. A blocked user signs in with a backup code, and their sessions go on.",
  },
  22: {
    title: "finding out who has MFA",
    asserts:
      "A wrong password answers with the same status, body, location and cookie names for users with MFA, without, and for nobody; no challenge row appears.",
  },
  23: {
    title: "answers that tell why a code failed",
    asserts: "Used, older and wrong codes and the setup's own get the same status and the same bytes.",
  },
  24: {
    title: "timing of the check",
    asserts:
      "All steps of the window are computed whichever matches, and values are compared with timingSafeEqual. No timing is measured over the network.",
  },
  25: {
    title: "requests from another site",
    asserts:
      "Each route refuses a foreign or null Origin and a cross-site or same-site Sec-Fetch-Site with 403, other content types with 415, GET with 405, and broken JSON with 400; MFA is still on after.",
  },
  26: {
    title: "framed pages",
    asserts:
      "The challenge's and the session's cookies are SameSite=Lax, so that a framed page comes without them; or what the app chose for its own, then Secure. The app's Content-Security-Policy is on the challenge page.",
  },
  27: {
    title: "open redirects",
    asserts:
      "Twenty spellings of another site, as callbackUrl, are each completed with a code, and what a browser makes of redirectTo is on this site. The challenge page and the step-up page link nowhere else, and step-up's returnTo is on this site for all of them.",
  },
  28: {
    title: "the challenge's token outside its cookie",
    asserts:
      "The token is in an HttpOnly cookie and neither in the location nor in the page, and the database holds no row under its plain value.",
  },
  29: {
    title: "secrets in logs and errors",
    asserts:
      "What the app printed holds no seed, backup code, app secret or password. The fields given to the app's signIn hold no password, code or token.",
  },
  30: {
    title: "a QR code drawn by a third party",
    asserts: "The drawing in the answer is, module by module, the picture's, and is part of the page: no image is fetched.",
  },
  34: { title: "cached secrets", asserts: "Every MFA route, the settings page and the challenge page answer no-store." },
  35: {
    title: "a missing or wrong key",
    asserts:
      "With a missing or broken key a user with MFA stays out with 500 internal, and one without MFA gets in. With another key no code is right.",
  },
  36: {
    title: "changing the key",
    asserts:
      "With a new key in front, a sign-in moves its secret to it, the script moves the rest and reports it, and a process with the new key alone goes on.",
  },
  37: {
    title: "a secret moved to another user",
    asserts: "Another user's sealed secret in one's row opens for nobody's code, and a tampered event is written.",
  },
  38: {
    title: "an altered secret",
    asserts: "One changed character of the sealed secret refuses every code, and a tampered event is written.",
  },
  39: {
    title: "a stolen database",
    asserts: "A dump of all MFA tables and of User holds no seed, no backup code and no challenge token in plain.",
  },
  40: { title: "clock drift", asserts: "The codes of steps -2, -1, 0, 1 and 2 are answered 400, 200, 200, 200 and 400." },
  41: { title: "a clock that the client sets", asserts: "A time in the body that would make a refused step right changes nothing." },
  42: {
    title: "deleted users",
    asserts: "After the row is deleted every MFA table has no row of the user, the held sign-in is 401, and the session is nobody's.",
  },
  43: {
    title: "several processes",
    asserts: "Two processes on one database share one count of attempts, and a restart does not reset it.",
  },
  45: {
    title: "sessions from before",
    asserts:
      "Turning MFA on ends the user's other sessions at their next read, those from before the installation too, while this one goes on. An ended one links no account.",
  },
  46: {
    title: "an administrator's reset",
    asserts:
      "Without the role, or without a second factor of the last five minutes, or without a reason, nothing is reset. The reset ends sessions and held sign-ins, clears the rows, and is an event with who and why.",
  },
  47: { title: "skipping the middleware", asserts: "With x-middleware-subrequest no reader shows a user, and no address is in an answer." },
  49: {
    title: "errors that let somebody in",
    asserts:
      "Without any one of four tables nobody gets in at either factor; answers say nothing of the database, and everybody gets in again once it is back.",
  },
  50: {
    title: "long and odd input",
    asserts: "100,000 digits, full-width digits, a null byte, an array, an object, a number, null and nothing are each 400.",
  },
  52: { title: "codes shown twice", asserts: "Neither the status route nor the settings page holds a backup code that was given before." },
  53: {
    title: "extra fields",
    asserts: "Extra fields of the body, __proto__ and userId among them, change nothing: the code is judged as what it is.",
  },
  54: {
    title: "a provider's id that is a row's id",
    attack: "Without an adapter, somebody's id at the provider equals another user's row id.",
    defence: "The id of a sign-in without an adapter is never taken for a row's.",
    asserts:
      "Such a sign-in is not held for that row's user, enrolling in it leaves that row's secret as it was, and the person's own MFA holds their next sign-in.",
  },
  55: {
    title: "a changed or differently spelled address",
    attack: "The stored address of a user with MFA is not the one that the provider names: it has changed, or has capitals.",
    defence: "What the app's own callbacks make of the sign-in decides, and addresses are compared without case.",
    asserts: "Such a user is held, their code completes it as the same row, and without MFA such users sign in as before.",
  },
  56: {
    title: "a sign-in that could be two users'",
    attack: "The provider's id leads to one row and its address to another, and one of them has MFA.",
    defence: "It is refused.",
    asserts:
      "Where the id's row has MFA there is no session, no challenge row and no cookie; where the address's has, its owner's code is asked for and then refused all the same. Where neither has, the sign-in goes on as before.",
  },
  57: {
    title: "an account linked by a stolen session",
    attack: "With an old session cookie of a user with MFA, the thief signs in with an account of their own at the provider, twice.",
    defence: "Linking wants a second factor of the last ten minutes and is an event; signing in as oneself proves none.",
    asserts:
      "The thief is sent to the step-up page, however often they try, and no account row appears. After the right code it is linked with one account_linked event, and its sign-ins are held. Signing in as oneself opens no step-up page.",
  },
  58: {
    title: "an account linked by an ended session",
    attack: "The same with a session that turning MFA on, a reset, or turning it off has ended.",
    defence: "Where the guarded read finds nobody, next-auth finds nobody.",
    asserts: "The account never belongs to the victim, and neither browser is signed in as them.",
  },
  59: {
    title: "a setup that another session began",
    attack: "Somebody with the password begins a setup and knows its secret; the owner opens the setup and confirms the same one.",
    defence: "A pending secret belongs to one session, and no other sees or confirms it.",
    asserts: "A second session is shown another secret, and the first one's is void there.",
  },
  60: {
    title: "two setups confirmed at once",
    attack: "While one tab confirms a setup, another polls for a second pending secret and confirms that, without a current code.",
    defence: "A pending secret of another state of the account is void, which one guarded statement decides.",
    asserts: "Exactly one of the two is confirmed, in every round.",
  },
  61: {
    title: "MFA's claims written by the app's own callback",
    attack: "An update carries mfa claims into a token whose user has no row, through a callback that copies everything.",
    defence: "Claims of ours are taken out of whatever the app returns, and then stamped.",
    asserts: "MFA's routes know nobody in such a session, and the attempts of the user it names are not counted.",
  },
  62: {
    title: "a session whose user has another id in it",
    attack: "A session from before the installation names no row id, so that it would outlive its user's turning MFA on.",
    defence: "Whose it is, is found as at a sign-in.",
    asserts: "Where tokens carry the provider's id, a session from before the installation ends with the others (T45).",
  },
  63: {
    title: "a held sign-in of an account that has changed",
    attack: "The password is changed while somebody who knew the old one waits at the challenge.",
    defence:
      "The row is read again at completion: another password, or another epoch of MFA, ends what is held; so does endHeldSignIns(userId).",
    asserts:
      "After a changed password hash, a reset or a replaced device the right code is 401 no_challenge; what asking for a reset writes changes nothing.",
  },
  64: {
    title: "a client's own claim of its address",
    attack: "X-Forwarded-For arrives with an address in front that the client wrote.",
    defence: "The address that the nearest trusted proxy saw is recorded.",
    asserts: "The event holds the rightmost address.",
  },
  65: {
    title: "a flood of events",
    attack: "One session posts hundreds of wrong codes.",
    defence: "Events are bounded for each account and added up.",
    asserts: "Hundreds of wrong backup codes leave a bounded number of rows and calls of the hook.",
  },
  66: {
    title: "bodies without an end",
    attack: "A chunked body of hundreds of megabytes, before anybody is signed in.",
    defence: "Reading stops at the cap.",
    asserts: "The answer comes before the body's end, and memory does not grow with it.",
  },
  67: {
    title: "a sign-in in the future",
    attack: "A token says its sign-in is yet to come, which would be recent for ever.",
    defence: "A time more than a minute ahead is no time.",
    asserts: "Such a session is 403 reauth_required (T9).",
  },
  68: {
    title: "a database that blinks",
    attack: "The database fails during the read of a session.",
    defence: "That read denies, and the cookie is kept.",
    asserts:
      "Meanwhile the user, with MFA or without, is not signed in and no Set-Cookie takes the session away; afterwards they are signed in.",
  },
  69: {
    title: "middleware around the challenge",
    attack: "The app's middleware guards everything, writes slashes, or sets security headers.",
    defence: "The challenge page passes, with a slash or without, and the rest of the middleware runs.",
    asserts:
      "The challenge is reached and completed at both paths, no neighbour of it is, and its Content-Security-Policy with the nonce of its scripts is the app's.",
  },
  70: {
    title: "fields that sound like secrets",
    attack: "A field such as companyCode beside the password is left out of what is held, and the app's signIn refuses.",
    defence: "Names are compared by whole words; what is no secret is kept.",
    asserts: "companyCode, zipCode and pinCode reach the app's signIn, once, after the code; password, otp and token do not.",
  },
  71: {
    title: "an app in a frame",
    attack: "The app's cookies are SameSite=None and the challenge's are not, so that nobody can complete a sign-in.",
    defence: "The challenge's cookie follows the app's session cookie.",
    asserts: "It is SameSite=None, Secure, HttpOnly and __Host-, in that app alone.",
  },
  72: {
    title: "refusals, redirects and failures at the end",
    attack: "The app's signIn refuses, returns a URL, or something fails after the code.",
    defence: "The three are told apart, and none gives a session.",
    asserts:
      "A refusal is 403 denied and the code is spent, a URL is redirectTo without a session, and a failure is 500 or 503 and says nothing.",
  },
  73: {
    title: "rows that cannot be copied",
    attack: "The user row has a Decimal, or fields that the client computes, so that holding the sign-in fails.",
    defence: "Plain data is held, and the user is read again at completion.",
    asserts: "Such a user's sign-in is held and completed, and no column reaches the session.",
  },
  74: {
    title: "a hook that hangs",
    attack: "onMfaEvent takes seconds, or never answers.",
    defence: "The sign-in is complete before the hook runs.",
    asserts: "The answer to a right code does not wait for it.",
  },
  75: {
    title: "the app's own name behind proxies",
    attack: "A proxy writes the host twice, with the default port, or not at all.",
    defence: "One function knows the app's origin, and Sec-Fetch-Site: same-origin suffices.",
    asserts:
      "All spellings are this site, another Origin is still 403, and a held sign-in is sent to the public name or where next-auth sends the others.",
  },
  76: {
    title: "codes as phones and word processors write them",
    attack: "Digits of another script, invisible marks, or dashes of a word processor make a right code a wrong one.",
    defence: "One function reads codes: compatibility forms, digits of every script, no marks, dashes or spaces; then the ASCII check.",
    asserts: "Each spelling signs in, what is no code is refused, and what is incomplete is no attempt.",
  },
  77: {
    title: "a block without a way back",
    attack: "A hundred failures block an account for good, or a count from before keeps the right code of a new setup out.",
    defence: "A backup code, an administrator's unblock, or a new setup while MFA is off ends the count.",
    asserts: "Each of the three ends a count of a hundred; an unblock wants a reason and is an event.",
  },
  78: {
    title: "a change that was cut short",
    attack: "A statement fails while MFA is turned on, turned off or reset.",
    defence: "One statement is the switch; what comes before it changes nothing, what comes after it is done again by a repeat.",
    asserts:
      "With a failure at each table MFA is off, or on with other sessions ended; the repeat by the same session answers the same backup codes, and the repeat of a reset finishes it.",
  },
  79: {
    title: "a code in a URL",
    attack: "The challenge is submitted before its script runs, or without JavaScript.",
    defence: "The form posts to a route that takes forms from this site only, and answers with a page to go to.",
    asserts: "A right and a wrong code are posted, and no address on the way has the code.",
  },
  80: {
    title: "somebody else's address at the provider",
    attack: "Without an adapter, an account of another person's address signs in, and turns MFA on for the row of that address.",
    defence:
      "Where the app's callbacks name nobody the session is nobody's, at the sign-in and at every read: an address may end it, and no more.",
    asserts: "Such a session has no user, and ends once the owner's MFA is on; the sign-in that the owner has completed does not.",
  },
  81: {
    title: "MFA turned on while somebody signs in",
    attack: "A sign-in that the gate let pass goes on after its user has turned MFA on, or links an account then.",
    defence:
      "What is asked later in a sign-in is the row that was decided on; a user with MFA passes with a factor proved, or in their own session.",
    asserts:
      "A row found by address is the same when asked by id; of the decisions only a proof of this very user's, or their own session, passes.",
  },
  82: {
    title: "two session cookies",
    attack: "A stolen session is sent beside one's own, and MFA reads the other of the two than the app.",
    defence: "Session cookies are read as the router's own `getServerSession` gets them.",
    asserts:
      "For two of a name, in both orders and written five ways, a setup begins for whom the app takes for signed in; step-up and reset stay closed.",
  },
  83: {
    title: "credentials that prove nothing",
    attack: "A guest, or a customer of another table, types a user's address, to turn MFA on for them or to use up their tries.",
    defence: "With several ways to sign in an address alone names nobody; where it is that of a user with MFA the sign-in is refused.",
    asserts:
      "A guest is signed in as a guest and cannot set MFA up; with a user's address who has MFA there is no challenge, and the owner's code works.",
  },
  84: {
    title: "look-alike addresses",
    attack: "Strangers sign up with addresses that a search takes for somebody's, until there are too many to tell.",
    defence: "Wildcards of an address are escaped, and what only begins like it is not found.",
    asserts: "Among 120 of them a new person with such an address signs in.",
  },
  85: {
    title: "another sign-in of the same database",
    attack:
      "Whom the staff's sign-in refuses is held at the customers', and gives the code to the staff's: beside it in one app, in another app, or at another tenant.",
    defence: "What is held names the sign-in that holds it, by its secret, cookie, provider and place; no other one completes it.",
    asserts:
      "A customer's code makes a customer's session only, the staff's one the staff's; an app with another AUTH_SECRET completes neither.",
  },
  86: {
    title: "a session that the app has ended itself",
    attack: "With the cookie of a banned or signed-out user, whom the app's own callbacks know as nobody, MFA is turned on or off.",
    defence: "MFA reads a session as the app does, through all of its callbacks, and a session without a user is nobody's.",
    asserts: "With next-auth 4 and 5 every route answers 401 to whom the callbacks refuse.",
  },
  87: {
    title: "people who are named in another way",
    attack: "A first factor signs in without the second, because the app names its users by other ids, other addresses, or late.",
    defence:
      "The adapter is asked whom it will find, and what the app's callbacks make of a token or a session is looked up, before there is one.",
    asserts:
      "For ten ways and each provider: held at every way in, signed in by a code, and sessions of before have ended. An alias is held as well.",
  },
  88: {
    title: "a circle",
    attack:
      "A middleware without a database takes an ended session for a living one: the sign-in page and the one behind it send to each other.",
    defence: "Who keeps coming back to the sign-in page within seconds of being sent away is shown it, as nobody.",
    asserts:
      "In three hosts an ended session is sent on twice, is shown the page then, and signs in; languages, other hosts and links that are fetched beforehand are no circle.",
  },
  89: {
    title: "a change that is made and not told",
    attack: "A device is replaced while another setup begins, or a statement fails behind the change: 409 or 500, no event, and no codes.",
    defence: "The event is kept right behind the switch, what was begun before it is void, and nothing behind stored codes can fail.",
    asserts:
      "With each of these provoked in the database the answer is 200, its codes sign in, and the event is there; a repeat tells it where the first request could not, and only then.",
  },
  90: {
    title: "the version before",
    attack: "While a new version is rolled out, an instance of the old one makes a database session for a first factor alone.",
    defence: "A session of a user with MFA which does not say when it was made has not come through the gate, and is none.",
    asserts: "Such a row is nobody's session for a user with MFA, and one's own without it.",
  },
  91: {
    title: "the empty secret",
    attack: '`verifyMfaCode(user.secret ?? "", code)` for a user without MFA, with the code of the empty secret.',
    defence: "A secret of less than 80 bits, or one that is none, has no code.",
    asserts: "For the empty one and short ones their own codes are wrong; for null and other text too.",
  },
  92: {
    title: "an address that somebody else has taken",
    attack:
      "The app knows its users by an id that its callbacks put into the token, and an address beside it is free: whoever signs up with that is taken for the user, and has no second factor.",
    defence:
      "What the token says, what the session says and what arrived are looked at together; where these are several people nobody is signed in.",
    asserts:
      "With such logins alone and beside other providers: held before, refused while the address is somebody else's, and held again after.",
  },
  93: {
    title: "tokens of an instance without MFA",
    attack: "A token from before the installation, or of an instance of before, names its user inside of itself or only in the session.",
    defence: "Whom the session callback makes of a token without our claims is looked up as well.",
    asserts: "In three ways such tokens end when their user turns MFA on, read before or not, and go on for everybody else.",
  },
  94: {
    title: "a way in that a stolen session has brought along",
    attack:
      "With a stolen old session of somebody without MFA the thief links an account of their own, signs in with it, which is fresh, and enrols their device.",
    defence: "What an old session links is an event, and for a day no sign-in since then starts a setup.",
    asserts:
      "The thief's sign-in gets 403 linked_recently, a session of before starts the setup, and a day later so does the other; an account that a fresh session has linked delays nothing.",
  },
}

/** Threats that nothing here can be attacked by, and why. */
export const notHere = {
  11: "there is no forced enrolment yet, so nobody is half enrolled",
  20: "password resets are the app's; one that signs in goes through the gate like any sign-in (T12)",
  31: "there are no text messages yet",
  32: "there are no text messages yet",
  33: "there are no text messages yet",
  44: "there are no trusted devices yet",
  48: "an app whose next-auth is misconfigured is next-auth's to refuse; beta.32 and later do, and older ones are warned about",
  51: "enrolling asks for a fresh sign-in (T9); whether addresses are verified is the app's",
}
