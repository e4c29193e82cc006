/** Builds one fixture with MFA: `node scripts/build-app.mjs next16-credentials`. Several may run beside each other. */
import { builtApp } from "./apps.mjs"

builtApp(process.argv[2])
