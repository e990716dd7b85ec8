// Run once by MongoDB's image, on an empty volume: the product gets a login of its own, which may
// read and write its database and nothing else.
db.getSiblingDB(process.env.HOSTAWAY_DATABASE).createUser({
  user: "hostaway",
  pwd: process.env.HOSTAWAY_PASSWORD,
  roles: ["readWrite"],
});
