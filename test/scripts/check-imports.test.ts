import { describe, expect, test } from 'vitest';
import { faultsOf } from '../../scripts/check-imports.ts';

describe('imports', () => {
  test.each([
    ['core/event/match.ts', "import { x } from '../delivery/gate.ts';"],
    ['core/event/match.ts', "import * as z from 'zod/mini';"],
    ['core/strategy/plan-hash.ts', "import { createHash } from 'node:crypto';"],
    ['lambdas/adapters/queues.ts', "import { SQSClient } from '@aws-sdk/client-sqs';"],
    ['lambdas/intake/match-events.ts', "const { appendRows } = await import('../adapters/lake.ts');"],
    ['lib/intake.ts', "import { env } from '../lambdas/intake/match-events.env.ts';"],
    ['local/boot.ts', "import { makeApp } from '../lib/app.ts';"],
  ])('%s may: %s', (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  test.each([
    ['core/event/match.ts', "import { dynamo } from '../../lambdas/adapters/dynamo.ts';", 'core/ knows only itself'],
    ['core/event/match.ts', "import type { Context } from 'aws-lambda';", 'core/ knows no AWS'],
    ['core/event/match.ts', "import { readFile } from 'node:fs/promises';", 'core/ does no I/O'],
    ['lambdas/intake/match-events.ts', "import { SQSClient } from '@aws-sdk/client-sqs';", 'only lambdas/adapters/'],
    ['lambdas/middleware/api.ts', "import { AwsClient } from 'aws4fetch';", 'only lambdas/adapters/'],
    ['lambdas/intake/match-events.ts', "export * from '../../lib/stages.ts';", 'how it is deployed'],
    ['lambdas/adapters/clock.ts', "import '../../local/clock.ts';", 'does not know the local cloud'],
    ['lib/platform.ts', "const { boot } = await import('../local/boot.ts');", 'does not know the local cloud'],
    ['lib/intake.ts', "import { handler } from '../lambdas/intake/match-events.ts';", 'only the environment'],
  ])('%s may not: %s', (path, text, why) => {
    expect(faultsOf(path, `\n${text}`)).toEqual([expect.stringContaining(`${path}:2: imports`)]);
    expect(faultsOf(path, text)[0]).toContain(why);
  });

  test('core/ takes time and randomness as arguments', () => {
    expect(faultsOf('core/a.ts', 'const a = 1;\nconst now = Date.now();')).toEqual([
      expect.stringContaining('core/a.ts:2: Date.now('),
    ]);
    expect(faultsOf('core/a.ts', '/** Not Date.now(): an argument. */\n// Math.random() neither')).toEqual([]);
    expect(faultsOf('lambdas/a/b.ts', 'const now = Date.now();')).toEqual([]);
  });
});
