import { deploy, startEmulator, stopEmulator } from './emulator.ts';
import { NoPythonTools } from './python-tools.ts';

/** `npm run deploy:emulator`: the real `cdk bootstrap` and `cdk deploy` against MiniStack, which is left running. */
const say = (line: string) => console.log(line);
try {
  const emulator = await startEmulator(say);
  say(`MiniStack is up at ${emulator.url}`);
  const { outputs } = await deploy(emulator, say);
  for (const [stack, own] of Object.entries(outputs)) {
    for (const [name, value] of Object.entries(own))
      if (!name.startsWith('Exports')) say(`${stack}.${name} = ${value}`);
  }
  say(`\nPush and SMS end in ${emulator.inboxUrl}/_local/inbox`);
  say('`npm run test:emulator` runs the scenarios on it, removes the stacks and ends it.');
} catch (error) {
  stopEmulator();
  if (!(error instanceof NoPythonTools)) throw error;
  console.error(`The emulator needs Python 3.10 or newer with venv, and the package registry: ${error.message}`);
  process.exitCode = 1;
}
