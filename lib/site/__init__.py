"""The site: executed notebooks put among the pages of book/, and rendered whole. Nothing is executed here."""
