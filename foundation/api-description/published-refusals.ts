/**
 * Published descriptions that are refused, by the codes of their errors; each was looked at. All others are accepted. Below `fail` are documents that a validator of OpenAPI refuses:
 * those among them that are accepted here break what has no effect on a gateway (titles, licenses, examples), or what the compiler of schemas finds (patterns).
 */
export const PUBLISHED_REFUSALS: Readonly<Record<string, readonly string[]>> = {
  /** Their references lead to files that are not there. */
  E1000: ["mermade/3.0/fail/missingPathItemRef.yaml", "mermade/3.0/fail/schemaProperties.yaml"],
  /** OpenAPI 2.0, and fragments that are no descriptions. */
  E1001: [
    "mermade/3.0/fail/gluecon/example1_from_._Different_requestbody.md.yaml",
    "mermade/3.0/fail/gluecon/example1_from_._Different_servers.md.yaml",
    "mermade/3.0/fail/gluecon/example1_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/fail/gluecon/example2_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/fail/gluecon/example3_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/fail/gluecon/example4_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/fail/gluecon/example5_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/partial/cycledef.yaml",
    "mermade/3.0/partial/example2_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/partial/example3_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/partial/example4_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/partial/example5_from_._Improved_schemaobject.md.yaml",
    "mermade/3.0/pass/fiendish/ref-encoding2.yaml",
    "mermade/3.0/pass/gluecon/example1_from_._Different_requestbody.md.yaml",
    "mermade/3.0/pass/gluecon/example1_from_._Different_servers.md.yaml",
    "mermade/3.0/pass/resolution/twolevel/index.yaml",
    "mermade/3.0/pass/resolution/twolevel/subdir1/subdir2/ok.yaml",
    "mermade/3.0/pass/resolution/twolevel/subdir1/test.yaml",
    "mermade/3.0/pass/swagger2openapi/swagger.yaml",
    "mermade/3.0/resources/include.yaml",
    "readme/2.0/json/api-with-examples.json",
    "readme/2.0/json/petstore-expanded.json",
    "readme/2.0/json/petstore-minimal.json",
    "readme/2.0/json/petstore-simple.json",
    "readme/2.0/json/petstore-with-external-docs.json",
    "readme/2.0/json/petstore.json",
    "readme/2.0/json/schema-circular.json",
    "readme/2.0/yaml/api-with-examples.yaml",
    "readme/2.0/yaml/petstore-expanded.yaml",
    "readme/2.0/yaml/petstore-minimal.yaml",
    "readme/2.0/yaml/petstore-simple.yaml",
    "readme/2.0/yaml/petstore-with-external-docs.yaml",
    "readme/2.0/yaml/petstore.yaml",
    "readme/2.0/yaml/schema-circular.yaml",
  ],
  /** Empty files, an alias in itself, JSON in YAML that is not indented enough. */
  E1002: [
    "mermade/3.0/fail/OAI/api-with-examples.yaml",
    "mermade/3.0/malicious/yamlbomb.yaml",
    "mermade/3.0/pass/swagger2openapi/fart.openapi.yaml",
    "mermade/3.0/pass/swagger2openapi/swagger.json",
    "mermade/3.0/pass/swagger2openapi/test-oas3.yaml",
    "mermade/3.0/pass/swagger2openapi/test-openapi.json",
    "mermade/3.0/pass/swagger2openapi/test.json",
    "mermade/3.0/pass/swagger2openapi/test.yaml",
    "readme/__tests__/tsconfig.json",
  ],
  /** The reference of ref-encoding3 has a + for a space, which only forms have. */
  E1003: [
    "mermade/3.0/fail/gluecon/example2_from_._Improved_examples.md.yaml",
    "mermade/3.0/fail/internalPathItemRef.yaml",
    "mermade/3.0/fail/refAsInteger.yaml",
    "mermade/3.0/pass/fiendish/ref-encoding3.yaml",
  ],
  "E1003 E1004": ["mermade/3.0/fail/gluecon/example3_from_._New_callbacks.md.yaml"],
  /** Half converted from OpenAPI 2.0: parameters in the body, types beside schemas. */
  "E1003 E1004 E1009": [
    "mermade/3.0/fail/event-backend/openapi.json",
    "mermade/3.0/fail/event-backend/openapi2.json",
    "mermade/3.0/fail/event-backend/openapi3.json",
  ],
  /**
   * Without paths, which 3.0 asks for, or anything else; texts for true; styles where they do not go; several media types in one key; dialects of JSON Schema other than 2020-12.
   */
  E1004: [
    "mermade/3.0/fail/apimatic-converted-petstore.json",
    "mermade/3.0/fail/comp_pathitems.yaml",
    "mermade/3.0/fail/deprecated.yaml",
    "mermade/3.0/fail/fuzz1/331be1bf-781d-407f-93d6-1f4b390ae32b.yaml",
    "mermade/3.0/fail/fuzz1/43f524a0-cb85-4dd1-b892-391cf6c5677b.yaml",
    "mermade/3.0/fail/fuzz1/874ad722-1346-41ae-8d8c-1fbe5ba29a4f.yaml",
    "mermade/3.0/fail/gluecon/example1_from_._Improved_securityschemes.md.yaml",
    "mermade/3.0/fail/gluecon/example2_from_._Improved_securityschemes.md.yaml",
    "mermade/3.0/fail/gluecon/example3_from_._Different_servers.md.yaml",
    "mermade/3.0/fail/gluecon/example4_from_._Different_parameters.md.yaml",
    "mermade/3.0/pass/server_enum_empty.yaml",
    "mermade/3.0/pass/server_enum_unknown.yaml",
    "mermade/3.1/fail/no_containers.yaml",
    "mermade/3.1/fail/unknown_container.yaml",
    "readme/3.0/json/response-examples.json",
    "readme/3.0/yaml/response-examples.yaml",
    "readme/3.1/json/schema-validation-local.json",
    "readme/3.1/json/schema-validation-top-level.json",
    "readme/3.1/yaml/schema-validation-local.yaml",
    "readme/3.1/yaml/schema-validation-top-level.yaml",
  ],
  /** `flow` for `flows`, types beside schemas. */
  "E1004 E1009": [
    "mermade/3.0/fail/gluecon/example5_from_._Different_parameters.md.yaml",
    "mermade/3.0/fail/hasFlowNotFlows.json",
    "mermade/3.0/fail/incorrectSecType.json",
    "mermade/3.0/fail/invalidSchemaName.json",
    "mermade/3.0/fail/openapi-ui/openapi-ui.yaml",
  ],
  "E1004 E1009 E1033": [
    "mermade/3.0/fail/invalidSchema.json",
    "mermade/3.0/fail/openapi-vue/edit1.json",
    "mermade/3.0/fail/openapi-vue/openapi.json",
  ],
  /** Parameters as an object. */
  "E1004 E1056": [
    "mermade/3.0/fail/gluecon/example1_from_._Fixed_file.md.yaml",
    "mermade/3.0/fail/gluecon/example1_from_._New_links.md.yaml",
    "mermade/3.0/fail/gluecon/example2_from_._New_callbacks.md.yaml",
  ],
  E1008: ["mermade/3.0/fail/gluecon/example1_from_._Different_components.md.yaml"],
  /** `GET` for `get`. */
  E1009: ["mermade/3.0/fail/pathitem-property.yaml"],
  E1033: ["readme/3.0/json/response-http-behavior.json", "readme/3.0/yaml/response-http-behavior.yaml"],
  E1053: ["mermade/3.0/fail/duplicateParameter.yaml"],
  /** `{version}{rev}`, a name twice, fragments, and programs for paths. */
  E1054: [
    "mermade/3.0/fail/gluecon/example3_from_._Different_parameters.md.yaml",
    "mermade/3.0/malicious/rapid7-java.json",
    "mermade/3.0/malicious/rapid7-js.json",
    "mermade/3.0/pass/gluecon/example3_from_._Different_parameters.md.yaml",
    "readme/3.0/json/parameters-common.json",
    "readme/3.0/json/parameters-style.json",
    "readme/3.0/yaml/parameters-common.yaml",
    "readme/3.0/yaml/parameters-style.yaml",
    "readme/3.1/json/parameters-style.json",
    "readme/3.1/yaml/parameters-style.yaml",
  ],
  E1055: ["mermade/3.0/fail/duplicateOperationId.yaml"],
  E1056: [
    "mermade/3.0/fail/gluecon/example1_from_._Improved_serverseverywhere.md.yaml",
    "mermade/3.0/fail/missingPathParam.yaml",
    "mermade/3.0/fail/missingPathParam2.yaml",
  ],
};
