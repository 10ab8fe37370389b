/** Rules inside a project, which Nx's boundaries cannot see. `npm run check` fails on the first violation. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Under ESM a cycle is a crash waiting to happen.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'entities-are-leaves',
      comment:
        'An entity or state table knows state and errors only; never services, repositories or contracts.',
      severity: 'error',
      from: { path: '\\.entity\\.ts$|-state\\.ts$' },
      to: { path: '\\.(service|repository|controller|consumer|mapping|module)\\.ts$|^libs/contracts' },
    },
    {
      name: 'sql-stays-in-repositories',
      comment:
        'Only repositories, entities, migrations and the data source touch TypeORM, others may use its types; the connector reads ' +
        "other people's databases by pg.",
      severity: 'error',
      from: {
        path: '^apps/[^/]+/src',
        pathNot:
          '\\.(repository|entity|module)\\.ts$|/migrations/|/data-source\\.ts$|/connectors/postgres/|-?spec\\.ts$',
      },
      to: { path: '^node_modules/(typeorm|@nestjs/typeorm|pg)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'gateway-hot-path-without-database',
      comment: "The gateway's data plane and API never read its database.",
      severity: 'error',
      from: { path: '^apps/gateway/src/(proxy|api)/' },
      to: { path: '^node_modules/(typeorm|@nestjs/typeorm|pg)/' },
    },
    {
      name: 'controllers-are-doors',
      comment: 'Data flows one way: nothing inside calls back into a controller or consumer.',
      severity: 'error',
      from: { pathNot: '\\.module\\.ts$|-?spec\\.ts$' },
      to: { path: '\\.(controller|consumer)\\.ts$' },
    },
    {
      name: 'main-is-the-end',
      comment: 'Nothing imports an entry point.',
      severity: 'error',
      from: {},
      to: { path: '/src/main\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/|/gen/|/reports/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
    },
  },
};
