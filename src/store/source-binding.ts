/** What sources may use of a deployment: its variables, secrets and bindings, except Headspring's own. */

/** A client that declares a source chooses the names that it uses: the keys of the deployment itself, and its parts, are not for that. */
const OWN =
  /^(API_TOKENS(_\d+)?|API_JWKS|STREAMS|LOGS|WEBHOOKS|CATALOGS|SOURCES|VIEWS|WAKE_UPS|RATE_LIMIT|CF_VERSION_METADATA|HEADSPRING_.*)$/;

/** The variable, secret or binding with this name; undefined: there is none that a source may use. */
export function sourceBinding(variables: object, name: string): unknown {
  // Names that every object has, such as `constructor`, are none of the deployment's.
  if (OWN.test(name) || name in Object.prototype) return undefined;
  return (variables as Readonly<Record<string, unknown>>)[name];
}
