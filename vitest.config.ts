import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The deployment to the emulator takes minutes of waiting, so it begins first and the others run beside it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => moduleId.endsWith('test/emulator/emulator.test.ts');
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    projects: [
      // Nothing in them outlives its test, so their files share a process and what it has loaded.
      { extends: true, test: { name: 'core', include: ['test/core/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'rest', include: ['test/**/*.test.ts'], exclude: ['test/core/**'] } },
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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
