import { SMTPServer } from "smtp-server"

export type MailServer = { url: string; waitFor(address: string): Promise<string>; stop(): Promise<void> }

/** A real SMTP server on loopback that keeps what it is sent. */
export async function startMailServer(port: number): Promise<MailServer> {
  const mails: { to: string; text: string }[] = []
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        const text = Buffer.concat(chunks).toString().replace(/=\r\n/g, "").replace(/=3D/g, "=")
        for (const { address } of session.envelope.rcptTo) mails.push({ to: address, text })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()))
  return {
    url: `smtp://127.0.0.1:${port}`,
    async waitFor(address) {
      for (let attempt = 0; attempt < 100; attempt++) {
        const at = mails.findIndex(({ to }) => to === address)
        const [mail] = at === -1 ? [] : mails.splice(at, 1)
        if (mail) return mail.text
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`no mail for ${address}`)
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
