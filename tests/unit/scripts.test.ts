import { createServer, type Server } from "node:net"
import { describe, expect, test } from "vitest"
import { freePort } from "../../scripts/apps.mjs"

const listen = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(port, () => resolve(server))
  })
const close = (server: Server) => new Promise((resolve) => server.close(resolve))

describe("freePort", () => {
  test.each([
    ["0", 0],
    ["nothing", undefined],
  ])("gives the number of a port to listen on when asked for %s", async (_, wanted) => {
    const port = await freePort(wanted)
    expect(port).toBeGreaterThanOrEqual(10_000)
    expect(port).toBeLessThan(30_000)
    await close(await listen(port))
  })

  test("gives the port that is wanted while it is free, and another one while it is taken", async () => {
    const wanted = await freePort()
    expect(await freePort(wanted)).toBe(wanted)
    const server = await listen(wanted)
    expect(await freePort(wanted)).not.toBe(wanted)
    await close(server)
  })
})
