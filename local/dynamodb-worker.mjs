import { parentPort, workerData } from 'node:worker_threads';
import { openTables } from './dynalite.mjs';

/**
 * The tables (dynalite.mjs) in a thread of their own: the front door has already read the request. Takes { id, action, body }
 * and answers { id, status, body, units }.
 */
const call = openTables(workerData.path);

parentPort.on('message', ({ id, action, body }) =>
  call(action, JSON.parse(body), (status, result, units) =>
    parentPort.postMessage({ id, status, body: JSON.stringify(result), units }),
  ),
);
