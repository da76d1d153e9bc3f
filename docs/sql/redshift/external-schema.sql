-- The lake's tables inside Redshift, read where they lie: external_schema=lake in the loader's URL does the same. Put your Glue database and role.

CREATE EXTERNAL SCHEMA IF NOT EXISTS "lake" FROM DATA CATALOG DATABASE 'cars' IAM_ROLE 'arn:aws:iam::123456789012:role/roadstream-redshift';

SELECT COUNT(*) FROM lake.gps_data;
