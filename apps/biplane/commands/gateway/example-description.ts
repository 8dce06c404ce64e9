/** The description that a new project begins with: it works without anything else, and shows what there is. */

/** @param name of the project */
export function exampleDescription(name: string): string {
  return `openapi: 3.1.0
info:
  title: ${JSON.stringify(name)}
  version: 1.0.0

# For every operation below, in this order.
x-biplane-middlewares:
  - name: correlation-id
  - name: rate-limit
    config:
      quota: 100
      window: 60

paths:
  /products:
    get:
      operationId: listProducts
      summary: Lists products
      parameters:
        - name: limit
          in: query
          schema: { type: integer, minimum: 1, maximum: 100, default: 20 }
      # Where requests go. In the place of this mock: name: http-upstream, config: { url: "https://…" }
      x-biplane-dispatch:
        name: mock
        config:
          body: '[{"id":"p-1","name":"Bicycle","price":490}]'
      responses:
        "200":
          description: A list of products
          content:
            application/json:
              schema:
                type: array
                items: { $ref: "#/components/schemas/Product" }
    post:
      operationId: createProduct
      summary: Adds a product
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: "#/components/schemas/NewProduct" }
      x-biplane-dispatch:
        name: mock
        config:
          status: 201
          body: '{"id":"p-2"}'
      responses:
        "201": { description: It is there }

  /products/{id}:
    get:
      operationId: getProduct
      summary: Shows a product
      parameters:
        - name: id
          in: path
          required: true
          schema: { type: string, pattern: "^p-[0-9]+$" }
      x-biplane-dispatch:
        name: mock
        config:
          body: '{"id":"{{path_params.id}}","name":"Bicycle","price":490}'
      responses:
        "200":
          description: A product
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Product" }

components:
  schemas:
    NewProduct:
      type: object
      additionalProperties: false
      required: [name, price]
      properties:
        name: { type: string, minLength: 1, maxLength: 100 }
        price: { type: number, minimum: 0 }
    Product:
      type: object
      required: [id, name]
      properties:
        id: { type: string }
        name: { type: string }
        price: { type: number }
`;
}
