// Runs a Lambda function in Node.js: asks the Runtime API for events, calls the handler, posts what it gives.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';

const env = process.env;
const TASK_ROOT = env.LAMBDA_TASK_ROOT;
const [HOST, PORT] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const API = '/2018-06-01/runtime';
const SHIM = fileURLToPath(import.meta.url);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId = 'undefined';

// A write returns when it is done, as in AWS: what was printed before a crash or `process.exit` is there, and a function that
// prints faster than the log takes it waits instead of filling its memory.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

// --- the Runtime API ---

function call(method, route, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    if (bytes) headers['Content-Length'] = bytes.length;
    const request = http.request({ host: HOST, port: PORT, method, path: API + route, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

// Without the Runtime API there is nobody to work for.
const api = (...args) => call(...args).catch(() => process.exit(1));

const postError = (route, error) =>
  api('POST', route, JSON.stringify(error), {
    'Content-Type': 'application/vnd.aws.lambda.error+json',
    'Lambda-Runtime-Function-Error-Type': String(error.errorType).replace(/[^\x20-\x7e]/g, '?'),
  });

// --- errors in AWS's form, with the paths that they would have there ---

const onAws = (text) =>
  String(text)
    .replaceAll(pathToFileURL(TASK_ROOT).href, 'file:///var/task')
    .replaceAll(TASK_ROOT, '/var/task')
    .replaceAll(pathToFileURL(SHIM).href, 'file:///var/runtime/index.mjs')
    .replaceAll(SHIM, '/var/runtime/index.mjs');

function named(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  error.stack = `${name}: ${message}` + (cause?.stack ?? error.stack).replace(/^[^]*?(?=\n {4}at |$)/, '');
  return error;
}

const isError = (thing) =>
  thing instanceof Error || Object.prototype.toString.call(thing) === '[object Error]' || (!!thing && typeof thing === 'object' && 'name' in thing && 'message' in thing && 'stack' in thing);

function described(error) {
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    return { errorType: error.name, errorMessage: onAws(error.message), trace: onAws(error.stack).split('\n') };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

// What is logged has the error's own members too.
function logged(error) {
  if (!isError(error)) return described(error);
  const { errorType, errorMessage, trace } = described(error);
  const own = Object.fromEntries(Object.entries(error).filter(([key]) => !['name', 'message', 'stack'].includes(key)));
  return { errorType, errorMessage, ...own, stack: trace };
}

function toLog(level, ...parts) {
  const text = parts.map((part) => (typeof part === 'string' ? part : stringified(part))).join('\t');
  // A carriage return keeps an entry of several lines together.
  process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}`.replace(/\r?\n/g, '\r') + '\n');
}

function stringified(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return format(value);
  }
}

for (const [method, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' })) {
  console[method] = (...parts) => toLog(level, format(...parts));
}

// --- the handler ---

function fileOf(base) {
  const isFile = (file) => existsSync(file) && statSync(file).isFile();
  return [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`, path.join(base, 'index.js')].find(isFile);
}

function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
    if (folder === TASK_ROOT || folder === path.dirname(folder)) return false;
  }
}

async function load(handler) {
  if (handler.includes('..')) {
    throw named('Runtime.MalformedHandlerName', `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const folder = path.dirname(handler);
  const parts = /^([^.]+)\.(.+)$/.exec(path.basename(handler));
  if (!parts) throw named('Runtime.MalformedHandlerName', 'Bad handler');
  const [, moduleName, exported] = parts;
  const file = fileOf(path.resolve(TASK_ROOT, folder, moduleName));
  if (!file) {
    throw named('Runtime.ImportModuleError', `Error: Cannot find module '${moduleName}'\nRequire stack:\n- /var/runtime/index.mjs`);
  }
  let found = await imported(file);
  for (const name of exported.split('.')) found = found?.[name] ?? found?.default?.[name];
  if (!found) throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function imported(file) {
  try {
    return isModule(file) ? await import(pathToFileURL(file).href) : createRequire(import.meta.url)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', onAws(error), error);
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      throw named('Runtime.ImportModuleError', onAws(error), error);
    }
    throw error;
  }
}

// --- one event after the other ---

const atEnd = { act: () => {} };
process.on('beforeExit', () => atEnd.act());

function contextOf(headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  const identity = headers['lambda-runtime-cognito-identity'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => settle(error, result, true),
    fail: (error) => settle(error ?? null, undefined, true, true),
    succeed: (result) => settle(null, result, true),
  };
}

// Resolves when the handler is done, by its promise, its callback or the legacy methods of the context.
function handled(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let context;
    const finish = (failed, error, result) => (failed ? reject(error) : resolve(result));
    const settle = (error, result, now, failed = error !== null && error !== undefined) => {
      if (now || failed || !context.callbackWaitsForEmptyEventLoop) finish(failed, error, result);
      else atEnd.act = () => finish(false, null, result);
    };
    context = contextOf(headers, settle);
    atEnd.act = () => resolve(null);
    const given = handler(event, context, (error, result) => settle(error, result, false));
    if (typeof given?.then === 'function') {
      atEnd.act = () => {
        reject(named('Runtime.NodeJsExit', 'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes'));
      };
      given.then(resolve, reject);
    }
  });
}

function serialized(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await api('GET', '/invocation/next');
    requestId = headers['lambda-runtime-aws-request-id'];
    env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    try {
      const result = serialized(await handled(handler, JSON.parse(body), headers));
      atEnd.act = () => {};
      await api('POST', `/invocation/${requestId}/response`, result, { 'Content-Type': 'application/json' });
    } catch (error) {
      atEnd.act = () => {};
      toLog('ERROR', 'Invoke Error ', logged(error));
      await postError(`/invocation/${requestId}/error`, described(error));
    }
  }
}

// Nothing can be trusted after these; the process ends, and the next event gets a new one.
async function crash(error, code, reported = error) {
  toLog('ERROR', code === 128 ? 'Unhandled Promise Rejection ' : 'Uncaught Exception ', logged(reported));
  await postError(requestId === 'undefined' ? '/init/error' : `/invocation/${requestId}/error`, described(reported));
  process.exit(code);
}
process.on('uncaughtException', (error) => crash(error, 129));
process.on('unhandledRejection', (reason) => {
  crash(reason, 128, named('Runtime.UnhandledPromiseRejection', String(reason), isError(reason) ? reason : undefined));
});

let handler;
try {
  handler = await load(env._HANDLER);
} catch (error) {
  await crash(error, 1);
}
serve(handler);
