/**
 * The JSON format of CloudEvents 1.0.2 as a JSON Schema: the rules of the specification's own schema, in our own words.
 * Optional attributes may be null, which means that they are left out.
 */

const text = (more: object = {}) => ({ type: "string", minLength: 1, ...more });
const optionalText = (more: object = {}) => ({ type: ["string", "null"], minLength: 1, ...more });

export const CLOUD_EVENT = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["specversion", "id", "source", "type"],
  properties: {
    specversion: text({ const: "1.0" }),
    id: text(),
    source: text({ format: "uri-reference" }),
    type: text(),
    time: optionalText({ format: "date-time" }),
    subject: optionalText(),
    dataschema: optionalText({ format: "uri" }),
    datacontenttype: optionalText(),
    data: { type: ["object", "array", "string", "number", "boolean", "null"] },
    data_base64: optionalText({ contentEncoding: "base64" }),
  },
  // Data comes in one of two forms. Extensions are named like attributes, and have simple values.
  not: { required: ["data", "data_base64"] },
  propertyNames: { anyOf: [{ pattern: "^[a-z0-9]+$" }, { const: "data_base64" }] },
  additionalProperties: { type: ["string", "integer", "boolean", "null"] },
};
