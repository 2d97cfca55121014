import { makeApp } from '../lib/app.ts';
import { bundleHandlers } from '../lib/kit/bundle.ts';
import { STAGES } from '../lib/stages.ts';

// Synthesizes every stage; findings of cdk-nag and of CloudFormation's own rules are printed and fail the process.
await bundleHandlers();
for (const stage of STAGES) {
  const { directory } = makeApp({ context: { stage }, outdir: `.herald/synth/${stage}` }).synth();
  console.log(`${stage}: ${directory}`);
}
