import { bundleHandlers } from '../lib/kit/bundle.ts';

// esbuild works in a process of its own, while this one loads CDK.
const bundled = bundleHandlers();
const { makeApp } = await import('../lib/app.ts');
await bundled;
makeApp({ context: { stage: process.env.HERALD_STAGE ?? 'dev' } }).synth();
