import type { Violation } from '@aimass/platform-errors';
import { variantsInvalid } from './deployments.errors.js';
import { servingViolations } from './serving.js';
import type { Serving } from './serving.js';

/** One tensor of a signature; -1 in a shape is a variable dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  /** 64-bit integers as text, as on the wire. */
  readonly shape: readonly string[];
}

/** A model version as it was when it was deployed; it never changes, so that the copy stays true. */
export interface DeployedVersion {
  readonly id: string;
  readonly modelId: string;
  readonly modelName: string;
  readonly number: number;
  readonly engine: string;
  readonly format: string;
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  readonly manifest: {
    readonly files: readonly { readonly path: string; readonly sha256: string; readonly sizeBytes: string }[];
    readonly sha256: string;
  };
  /** Whether the registry knows where it comes from. Absent in rows from when every version came from a job. */
  readonly hasLineage?: boolean;
}

/** A model version inside a deployment; `weight` is its share relative to the others', 0..1,000,000. */
export interface Variant {
  readonly name: string;
  readonly weight: number;
  readonly version: DeployedVersion;
  /** Absent for the replicas' own ways. */
  readonly serving?: Serving;
}

/** A variant as asked for: `version` is a number, a version id or an alias; an empty name means `v<number>`. */
export interface VariantSpec {
  readonly name: string;
  readonly model: string;
  readonly version: string;
  readonly weight: number;
  readonly serving?: Serving | undefined;
}

const MAX_VARIANTS = 20;
const MAX_WEIGHT = 1_000_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Checks what can be checked before the versions are known. Throws `invalid` with all violations. */
export function assertVariantSpecs(specs: readonly VariantSpec[]): void {
  const violations: Violation[] = [];
  if (specs.length < 1 || specs.length > MAX_VARIANTS) {
    violations.push({ path: 'variants', message: `Give 1 to ${MAX_VARIANTS} variants.` });
  } else if (specs.every((spec) => spec.weight === 0)) {
    violations.push({ path: 'variants', message: 'Give at least one variant a weight above 0.' });
  }
  specs.forEach((spec, index) => violations.push(...violationsOf(spec, `variants[${index}]`)));
  violations.push(...doubledNames(specs.map((spec) => spec.name)));
  if (violations.length > 0) throw variantsInvalid(violations);
}

/** Joins specs with their resolved versions, in order; names the unnamed. Throws `invalid` when a name is doubled. */
export function toVariants(specs: readonly VariantSpec[], versions: readonly DeployedVersion[]): Variant[] {
  const variants = versions.map((version, index) => {
    const spec = specs[index];
    const variant = { name: spec?.name || `v${version.number}`, weight: spec?.weight ?? 0, version };
    return spec?.serving === undefined ? variant : { ...variant, serving: spec.serving };
  });
  const violations = doubledNames(variants.map((variant) => variant.name));
  if (violations.length > 0) throw variantsInvalid(violations);
  return variants;
}

function violationsOf(spec: VariantSpec, path: string): Violation[] {
  const violations: Violation[] = [];
  if (spec.name !== '' && !NAME.test(spec.name)) {
    const message = 'Use 1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit.';
    violations.push({ path: `${path}.name`, message });
  }
  if (spec.version === '') {
    violations.push({ path: `${path}.version`, message: 'Give a version number, a version id or an alias.' });
  } else if (spec.model === '' && !spec.version.startsWith('mv_')) {
    violations.push({ path: `${path}.model`, message: 'Give the id or name of a model.' });
  }
  if (!Number.isInteger(spec.weight) || spec.weight < 0 || spec.weight > MAX_WEIGHT) {
    violations.push({ path: `${path}.weight`, message: `Give a whole number from 0 to ${MAX_WEIGHT}.` });
  }
  return [...violations, ...servingViolations(spec.serving, `${path}.serving`)];
}

function doubledNames(names: readonly string[]): Violation[] {
  return names.flatMap((name, index) => {
    if (name === '' || names.indexOf(name) === index) return [];
    const message = `There is another variant "${name}"; give each variant a name of its own.`;
    return [{ path: `variants[${index}].name`, message }];
  });
}
