//! Products and categories.

use super::{bodies, operation::Operation};

pub(super) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    vec![
        (
            ("GET", "/api/products"),
            Operation::new("listProducts", "Active products in insertion order")
                .free_query("category", "Only this category.")
                .page(500, 500)
                .answers(200, "ProductsList")
                .kept_by_caches(),
        ),
        (
            ("POST", "/api/products"),
            Operation::new("createProduct", "Adds a product")
                .body(bodies::new_product())
                .answers(201, "ManagedProduct")
                .header("Location")
                .problem(409, "There is a product of this id already."),
        ),
        (
            ("GET", "/api/products/{id}"),
            Operation::new("getProduct", "One product").product().answers(200, "Product").kept_by_caches(),
        ),
        (
            ("PATCH", "/api/products/{id}"),
            Operation::new(
                "changeProduct",
                "Changes what is given; a new price rule gives a new price at once",
            )
            .product()
            .body(bodies::product_change())
            .answers(200, "ManagedProduct"),
        ),
        (
            ("DELETE", "/api/products/{id}"),
            Operation::new("deactivateProduct", "Takes a product out of the shop")
                .product()
                .answers_with(204, serde_json::json!({"description": "It is not offered any more."})),
        ),
        (
            ("POST", "/api/products/{id}/observations"),
            Operation::new(
                "tellObservation",
                "A source tells its price: an admin, or a key for its own source",
            )
            .product()
            .body(bodies::observation())
            .answers(201, "ObservationTold"),
        ),
        (
            ("GET", "/api/categories"),
            Operation::new("listCategories", "Categories of active products, by name")
                .answers(200, "Categories")
                .kept_by_caches(),
        ),
    ]
}
