import { vi } from 'vitest';

/** What outlives the files of one process. */
const shared = globalThis as { environmentOfTests?: NodeJS.ProcessEnv };
shared.environmentOfTests ??= { ...process.env };
const environment = shared.environmentOfTests;

/**
 * Runs before each file of a project whose files share a process. Packages stay loaded. Our own modules are loaded anew, as in a
 * cold start, for handlers read their environment and begin their caches when they are loaded.
 */
for (const name of Object.keys(process.env)) {
  if (!(name in environment)) delete process.env[name];
}
Object.assign(process.env, environment);
vi.resetModules();
