import { mkdirSync, writeFileSync } from 'node:fs';
import { App, Duration, Stack } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import * as z from 'zod/mini';
import { bundleFolder } from '../../lib/kit/bundle.ts';
import { TypedFunction } from '../../lib/kit/typed-function.ts';

/** An empty stack of an app of its own, with the flags of the real one. */
export const emptyStack = (): Stack => new Stack(new App({ context: featureFlags }), 'Test');

/** Entry of a handler that exists only as a bundle, so that constructs can be tested without bundling the real ones. */
export const fixtureEntry = (name = 'do-nothing'): string => {
  const entry = `fixture/${name}`;
  mkdirSync(bundleFolder(entry), { recursive: true });
  writeFileSync(`${bundleFolder(entry)}/index.mjs`, 'export const handler = async () => {};\n');
  return entry;
};

export const fixtureFunction = (
  stack: Stack,
  { name = 'do-nothing', seconds = 10, reserved }: { name?: string; seconds?: number; reserved?: number } = {},
): TypedFunction =>
  new TypedFunction(stack, `Fixture-${name}`, {
    // A function is called after its entry.
    entry: fixtureEntry(name.replaceAll(' ', '-')),
    env: z.object({}),
    environment: {},
    timeout: Duration.seconds(seconds),
    ...(reserved !== undefined && { reservedConcurrency: reserved }),
  });
