import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';

const CREDENTIALS = join(import.meta.dirname, '../../lambdas/adapters/credentials.ts');

const transformed = new Map<string, Promise<OnLoadResult>>();
/** The builds of all handlers read the same SDK files: each is transformed once. */
const once = (path: string, transform: (text: string) => OnLoadResult): Promise<OnLoadResult> => {
  const known = transformed.get(path) ?? readFile(path, 'utf8').then(transform);
  transformed.set(path, known);
  return known;
};

/**
 * Makes AWS SDK clients small. Measured on a sender (DynamoDB, SES, SQS and Firehose clients; static bytes, minified, one
 * measure after the other): plain 347 KB, literal schema keys 300 KB, versions only 291 KB, credentials 272 KB, no
 * endpoint cache 264 KB.
 */
export const sdkDiet: Plugin = {
  name: 'sdk-diet',
  setup(build) {
    // A client describes every operation in schemas_0.js, in objects with computed keys: `{ [_hQ]: "limit" }` with
    // `const _hQ = "httpQuery"`. A computed key may run code, so esbuild keeps all operations. Written as the literal
    // that it is, unused ones fall away (Pinpoint 69 -> 15 KB). Safe: only names are replaced that the same file
    // declares as constant strings; a file that comes to look otherwise is left as it is, and only the size test fails.
    build.onLoad({ filter: /@aws-sdk[\\/].*[\\/]dist-es[\\/].*schemas_0\.js$/ }, ({ path }) =>
      once(path, (text) => {
        const literals = new Map(
          [...text.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name!, text!]),
        );
        const contents = text.replace(/\[(_\w+)\]:/g, (key, name: string) =>
          literals.has(name) ? `${literals.get(name)}:` : key,
        );
        return { contents, loader: 'js' };
      }),
    );
    // The default provider tries nine sources of credentials. The file that stands in for it reads the one that Lambda
    // has, so eight chunks with 106 KB more go too. Safe: it throws when the variables are missing.
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: CREDENTIALS }));
    // DynamoDB's client prepares endpoint discovery, with a cache and a command, which none of its commands asks for since
    // endpoints are rules. Safe: a client that did ask would meet a TypeError at its first request, in every test.
    build.onLoad({ filter: /@aws-sdk[\\/]middleware-endpoint-discovery[\\/]dist-es[\\/]index\.js$/ }, () => ({
      contents:
        'export const resolveEndpointDiscoveryConfig = (config) => config; export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {};',
    }));
    build.onLoad({ filter: /@aws-sdk[\\/]client-dynamodb[\\/]dist-es[\\/]DynamoDBClient\.js$/ }, ({ path }) =>
      once(path, (text) => ({
        contents: text.replace('{ endpointDiscoveryCommandCtor: DescribeEndpointsCommand }', 'undefined'),
        loader: 'js',
      })),
    );
    // Clients import their whole package.json to tell their version in the user agent (2 KB each). Safe: nothing else
    // of it is read at run time; a build that wanted another field would fail on a missing export.
    build.onLoad({ filter: /@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, ({ path }) =>
      once(path, (text) => ({ contents: JSON.stringify({ version: JSON.parse(text).version }), loader: 'json' })),
    );
  },
};

/**
 * chardet can also read files, by a require() that an ES module does not have. Its own stand-in for browsers takes its
 * place: handlers give it bytes.
 */
export const chardetDiet: Plugin = {
  name: 'chardet-diet',
  setup(build) {
    build.onResolve({ filter: /^\.\/fs\/node$/ }, ({ resolveDir }) =>
      /[\\/]chardet[\\/]lib$/.test(resolveDir) ? { path: join(resolveDir, 'fs/browser.js') } : undefined,
    );
  },
};
