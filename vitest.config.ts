import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The deployment to the emulator takes minutes of waiting, so it begins first and the others run beside it; cfn-lint is one process that must
 * not be what all wait for in the end.
 */
const LONG = ['test/emulator/emulator.test.ts', 'test/lib/cfn-lint.test.ts'];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/**
 * Nothing in them outlives its test, so their files share a process and what it has loaded: most of all the synthesized app, which
 * takes longer than the tests that look at it.
 */
const SHARED = [
  'test/core/**/*.test.ts',
  'test/lib/**/*.test.ts',
  'test/statemachines/**/*.test.ts',
  'test/deploy-docs.test.ts',
];
/** They share a process as well, with a fresh environment and fresh modules of ours: each file is a cold start, of packages that are warm. */
const HANDLERS = ['test/lambdas/**/*.test.ts'];
/** These as well, beside the handlers: the services of the local cloud, and what is measured. */
const SERVICES = ['test/local/**/*.test.ts', 'test/bench/**/*.test.ts'];
/** They share a process too: each file boots clouds of its own, whose functions run in threads of their own. */
const SCENARIOS = ['test/scenarios/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: { name: 'handlers', include: HANDLERS, isolate: false, setupFiles: ['test/cold-start.ts'] },
      },
      {
        extends: true,
        test: { name: 'services', include: SERVICES, isolate: false, setupFiles: ['test/cold-start.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'scenarios',
          include: SCENARIOS,
          isolate: false,
          setupFiles: ['test/scenarios/after-each-file.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'own',
          include: ['test/**/*.test.ts'],
          exclude: [...SHARED, ...HANDLERS, ...SERVICES, ...SCENARIOS],
        },
      },
    ],
    globalSetup: ['test/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    // Two cores: a fork for each, and one for the emulator, which mostly waits. DuckDB and the local cloud are native or own
    // sockets, so processes, not threads.
    pool: 'forks',
    maxWorkers: 3,
    // Its files import one another without extensions, which Node does not take.
    server: { deps: { inline: ['dt-sql-parser', 'antlr4ng', 'antlr4-c3'] } },
    // Weeks of virtual time on a machine that does other things as well.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
