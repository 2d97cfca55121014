import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { runningEmulator } from '../../scripts/emulator.ts';

/** The tests of `npm run test:emulator`: one after another, for they share one deployment, and in real time. */
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    include: [
      ...['approval', 'bad-input', 'campaign', 'imports', 'triggers'].map((name) => `test/scenarios/${name}.test.ts`),
      'test/emulator/*.deployed.ts',
      // The contracts of the DynamoDB adapters, which `npm test` runs on dynalite.
      ...['contacts', 'ledger', 'rate-leases', 'windows'].map((name) => `test/lambdas/adapters/${name}.test.ts`),
    ],
    globalSetup: ['test/global-setup.ts'],
    env: { HERALD_DYNAMODB: runningEmulator()?.url ?? '' },
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});
