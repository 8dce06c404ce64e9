/** The service models in memory. */
import { loadServiceModel, type ServiceModel, type ServiceName } from "#foundation/aws";

/** Loads each model once; those of the offered services before the first request. */
export class Models {
  readonly #loaded = new Map<ServiceName, ServiceModel>();

  static async of(services: Iterable<ServiceName>): Promise<Models> {
    const models = new Models();
    await Promise.all([...services].map((service) => models.load(service)));
    return models;
  }

  get(service: ServiceName): ServiceModel | undefined {
    return this.#loaded.get(service);
  }

  async load(service: ServiceName): Promise<ServiceModel> {
    const model = await loadServiceModel(service);
    this.#loaded.set(service, model);
    return model;
  }
}
