import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { assembly } from '../scripts/assembly.ts';
import { runningEmulator } from '../scripts/emulator.ts';

/**
 * The scenario tests run the synthesized app, so it is synthesized once before all tests (and only when it changed). With
 * HERALD_PLACE=emulator they run on the deployment of `npm run deploy:emulator` instead.
 */
export default (project: TestProject) => {
  // Synthesized apps are large, and libraries leave temporary folders too: all of them go when the run is over.
  const temporary = mkdtempSync(join(tmpdir(), 'herald-tests-'));
  process.env.TMPDIR = temporary;
  project.provide('assembly', assembly('local'));
  const emulator = process.env.HERALD_PLACE === 'emulator' ? runningEmulator() : null;
  if (emulator === undefined) throw new Error('There is no emulator: run npm run deploy:emulator first');
  project.provide('emulator', emulator);
  return () => rmSync(temporary, { recursive: true, force: true });
};
