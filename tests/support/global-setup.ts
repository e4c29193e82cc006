import { builtApp } from "../../scripts/apps.mjs"

/** Builds each fixture once, before the workers start: a worker that is silent for a minute is taken for dead. */
export default function setup(): void {
  for (const name of ["next16-credentials", "next15-t3-database"]) builtApp(name)
}
