/** The Open Inference Protocol routes for the OpenAPI document. The shapes are the protocol's own (v2, REST). */

const json = (schema: object) => ({ 'application/json': { schema } });
const answer = (description: string, schema: object) => ({
  200: { description, content: json(schema) },
  default: ERROR,
});
const pathParameter = (name: string, description: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});

const ERROR = {
  description: 'An error of the protocol',
  content: json({ type: 'object', required: ['error'], properties: { error: { type: 'string' } } }),
};

const TENSOR = {
  type: 'object',
  required: ['name', 'shape', 'datatype', 'data'],
  properties: {
    name: { type: 'string', description: 'as in the signature' },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    datatype: { type: 'string', description: 'FP32, INT64, …' },
    data: { type: 'array', items: {}, description: 'row-major, nested to the shape or flat' },
  },
};

const SPEC = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    datatype: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer', minimum: -1 }, description: '-1 is variable' },
  },
};

const METADATA = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    versions: { type: 'array', items: { type: 'string' } },
    platform: { type: 'string' },
    inputs: { type: 'array', items: SPEC },
    outputs: { type: 'array', items: SPEC },
  },
};

const REQUEST = {
  type: 'object',
  required: ['inputs'],
  properties: {
    id: { type: 'string', description: 'comes back in the answer' },
    inputs: { type: 'array', items: TENSOR },
    outputs: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
  },
};

const RESPONSE = {
  type: 'object',
  properties: {
    model_name: { type: 'string' },
    model_version: { type: 'string' },
    id: { type: 'string' },
    outputs: { type: 'array', items: TENSOR },
  },
};

const READY = { type: 'object', properties: { name: { type: 'string' }, ready: { type: 'boolean' } } };
const MODEL = pathParameter(
  'model',
  '`name`, or `vendor/name` for a subscribed one (the slash as %2F or plain)',
);
const VERSION = pathParameter('version', 'a number, a version id or an alias');

/** Paths of the server itself. */
const SERVER_PATHS = {
  '/v2': { get: route('Server metadata', answer('Name, version and extensions', { type: 'object' })) },
  '/v2/health/live': {
    get: { ...route('Whether the server lives', answer('It does', { type: 'object' })), security: [] },
  },
  '/v2/health/ready': {
    get: { ...route('Whether the server is ready', answer('It is', { type: 'object' })), security: [] },
  },
};

/** OpenAPI 3.1 path items of the data plane. */
export const OIP_PATHS: Readonly<Record<string, object>> = {
  ...SERVER_PATHS,
  ...modelPaths('/v2/models/{model}', [MODEL]),
  ...modelPaths('/v2/models/{model}/versions/{version}', [MODEL, VERSION]),
};

function modelPaths(base: string, parameters: object[]): Record<string, object> {
  const infer = {
    ...route('Predict', answer('The prediction', RESPONSE)),
    requestBody: { required: true, content: json(REQUEST) },
  };
  return {
    [base]: { parameters, get: route('Model metadata', answer('Names, datatypes and shapes', METADATA)) },
    [`${base}/ready`]: {
      parameters,
      get: route('Whether the model is ready', answer('Whether it is', READY)),
    },
    [`${base}/infer`]: { parameters, post: infer },
  };
}

function route(summary: string, responses: object): object {
  return { summary, tags: ['open inference protocol'], responses };
}
