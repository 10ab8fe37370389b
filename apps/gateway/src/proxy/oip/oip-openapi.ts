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

/** A value that the protocol passes on without giving it a meaning, or one of the meanings that are listed. */
const parameters = (description: string) => ({
  type: 'object',
  description,
  additionalProperties: { type: ['string', 'number', 'boolean'] },
});

const TENSOR = {
  type: 'object',
  required: ['name', 'shape', 'datatype'],
  properties: {
    name: { type: 'string', description: 'as in the signature' },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    datatype: { type: 'string', description: 'FP32, INT64, …' },
    parameters: parameters(
      '`binary_data_size`: the tensor is raw bytes behind the JSON, and `data` is absent',
    ),
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
    parameters: parameters('`binary_data_output`, `priority`, `timeout` (microseconds)'),
    outputs: {
      type: 'array',
      description: 'absent: all',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, parameters: parameters('`binary_data`') },
      },
    },
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

const DURATION = {
  type: 'object',
  properties: { count: { type: 'integer' }, ns: { type: 'integer', description: 'nanoseconds in all' } },
};

const STATISTICS = {
  type: 'object',
  properties: {
    model_stats: {
      type: 'array',
      items: {
        type: 'object',
        description: 'as in the statistics extension of Triton; one entry a version',
        properties: {
          name: { type: 'string' },
          version: { type: 'string' },
          last_inference: { type: 'integer', description: 'milliseconds since the epoch' },
          inference_count: { type: 'integer', description: 'rows' },
          execution_count: { type: 'integer', description: 'engine runs' },
          inference_stats: { type: 'object', additionalProperties: DURATION },
          batch_stats: { type: 'array', items: { type: 'object' } },
        },
      },
    },
  },
};

const INDEX = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      version: { type: 'string' },
      state: { type: 'string', enum: ['READY', 'LOADING', 'UNLOADING', 'UNAVAILABLE'] },
      reason: { type: 'string' },
    },
  },
};

const READY = { type: 'object', properties: { name: { type: 'string' }, ready: { type: 'boolean' } } };
const MODEL = pathParameter(
  'model',
  '`name`, or `vendor/name` for a subscribed one (the slash as %2F or plain)',
);
const VERSION = pathParameter('version', 'a number, a version id or an alias');

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'integer' },
});
const INFER_HEADERS = [
  header('x-request-timeout-ms', 'how long the caller waits'),
  header('x-request-priority', '1 (first) to 9'),
  header('Inference-Header-Content-Length', 'length of the JSON when raw tensors follow it'),
];

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
  '/v2/models': {
    get: route(
      'The models that can be called',
      answer('Their names', {
        type: 'object',
        properties: { models: { type: 'array', items: { type: 'string' } } },
      }),
    ),
  },
  '/v2/models/stats': { get: route('Statistics of all models', answer('What they have done', STATISTICS)) },
  ...repositoryPaths(),
  ...modelPaths('/v2/models/{model}', [MODEL]),
  ...modelPaths('/v2/models/{model}/versions/{version}', [MODEL, VERSION]),
};

function modelPaths(base: string, parameters: object[]): Record<string, object> {
  const infer = {
    ...route('Predict', answer('The prediction', RESPONSE)),
    parameters: INFER_HEADERS,
    requestBody: {
      required: true,
      content: {
        ...json(REQUEST),
        'application/octet-stream': {
          schema: { type: 'string', format: 'binary', description: 'the JSON, then raw tensors' },
        },
      },
    },
  };
  return {
    [base]: { parameters, get: route('Model metadata', answer('Names, datatypes and shapes', METADATA)) },
    [`${base}/ready`]: {
      parameters,
      get: route('Whether the model is ready', answer('Whether it is', READY)),
    },
    [`${base}/config`]: {
      parameters,
      get: route('Model configuration', answer('As Triton has it', { type: 'object' })),
    },
    [`${base}/stats`]: { parameters, get: route('Statistics', answer('What it has done', STATISTICS)) },
    [`${base}/infer`]: { parameters, post: infer },
  };
}

function repositoryPaths(): Record<string, object> {
  const body = (properties: object) => ({ content: json({ type: 'object', properties }) });
  const done = { 200: { description: 'Done' }, default: ERROR };
  const change = (summary: string) => ({
    parameters: [MODEL],
    post: { ...route(summary, done), requestBody: body({ parameters: parameters('none is needed') }) },
  });
  return {
    '/v2/repository/index': {
      post: {
        ...route('Every version of every model', answer('Where each stands', INDEX)),
        requestBody: body({ ready: { type: 'boolean', description: 'only those that are' } }),
      },
    },
    '/v2/repository/models/{model}/load': change('Bring a model into memory'),
    '/v2/repository/models/{model}/unload': change('Take a model out of memory'),
  };
}

function route(summary: string, responses: object): object {
  return { summary, tags: ['open inference protocol'], responses };
}
