import { App, type AppProps, Validations } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { Api } from './api.ts';
import { Delivery } from './delivery.ts';
import { adaptToEmulator } from './emulator.ts';
import { Journeys } from './journeys.ts';
import { Platform } from './platform.ts';
import { stageConfig } from './stages.ts';
import { State } from './state.ts';

// A strong reference stops a release of one stack that would take away what another still uses.
const FLAGS = { '@aws-cdk/core:defaultCrossStackReferences': 'strong' };

/**
 * The app of the stage that the context names (`cdk synth -c stage=prod` comes before props.context), not yet
 * synthesized. The handlers must be bundled before (see kit/bundle.ts). A finding of cdk-nag fails the synthesis.
 */
export const makeApp = (props: AppProps): App => {
  // Flags in code, not in cdk.json: tests and the local cloud make the app without the command line.
  const app = new App({
    analyticsReporting: false,
    ...props,
    context: { ...featureFlags, ...FLAGS, ...props.context },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const config = stageConfig(app.node.getContext('stage'));
  const channelEndpoint: string | undefined = config.channelEndpoint && app.node.tryGetContext('channelEndpoint');
  const stage = channelEndpoint ? { ...config, channelEndpoint } : config;
  const state = new State(app, `HeraldState-${stage.name}`, stage);
  const platform = new Platform(app, `Herald-${stage.name}`, { stage, state });
  const journeys = new Journeys(app, `HeraldJourneys-${stage.name}`, { stage, state, platform });
  const delivery = new Delivery(app, `HeraldDelivery-${stage.name}`, { stage, state, platform, journeys });
  new Api(app, `HeraldApi-${stage.name}`, { stage, state, handledBy: [platform, journeys, delivery] });
  if (stage.name === 'emulator') adaptToEmulator(platform);
  return app;
};
