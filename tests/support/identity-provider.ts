import { createServer } from "node:http"
import Provider from "oidc-provider"

export type IdentityProvider = {
  issuer: string
  clientId: string
  signInAs(account: string, address?: string): void
  stop(): Promise<void>
}

/** A real OpenID Connect provider on loopback. It asks nobody: whoever `signInAs` named last is signed in there. */
export async function startIdentityProvider(port: number, redirectUri: string, clientId = "t3-shape"): Promise<IdentityProvider> {
  const issuer = `http://127.0.0.1:${port}`
  let account = "nobody"
  /** Addresses that are not made of the account's name. */
  const addresses = new Map<string, string>()
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: "a-client-secret", redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: addresses.get(id) ?? `${id}@example.com`, email_verified: true, name: id }),
    }),
    async loadExistingGrant(context) {
      const { client, session } = context.oidc
      const grant = new context.oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId })
      grant.addOIDCScope("openid email profile")
      await grant.save()
      return grant
    },
  })
  const handle = provider.callback()
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/interaction/")) void provider.interactionFinished(request, response, { login: { accountId: account } })
    else void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  return {
    issuer,
    clientId,
    signInAs(name, address) {
      account = name
      if (address) addresses.set(name, address)
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
