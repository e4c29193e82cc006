import { existsSync } from "node:fs"
import tmp from "tmp"

/**
 * A folder for runs that flush every file, thousands of times over: in memory where the system has that, for there a
 * flush takes no time. Whether the bytes reach a disk is the system's part; that they are flushed is what is tested.
 */
export const scratch = (): string => tmp.dirSync({ unsafeCleanup: true, ...(existsSync("/dev/shm") && { tmpdir: "/dev/shm" }) }).name
